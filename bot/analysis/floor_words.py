# ruff: noqa: E501 - word lists are data, a line a purpose
"""What people say while they listen, and what they say to take the floor. Plain lower case without accents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for phrase in text.split("|"))


@dataclass(frozen=True, kw_only=True)
class FloorWords:
    """One language's lists: whole phrases as tuples of words, single words as sets, markers as pattern text."""

    listening: frozenset[tuple[str, ...]]
    """A listener's noises and agreement, "go on"."""
    agreeing: frozenset[str]
    """Words that answer a yes/no question when it has just been asked."""
    taking: frozenset[str]
    """Single words of question, negation, objection, leave-taking that take the floor wherever they stand."""
    taking_phrases: str
    """The same in several words, as a pattern."""
    beginnings: frozenset[str]
    """What cannot be judged before more comes."""
    aside: str
    """Clear markers of words to somebody else in the room, as a pattern."""
    business: frozenset[str]
    """Words of the talk with the bot: where one stands, nobody else is meant."""
    function: frozenset[str]
    """Words without content of their own."""


_BOTH: Final = "mhm|mm|mmm|mm hm|mm-hm|mm-hmm|mm hmm|mmhmm|mhmm|m hm|hm|hmm|hmmm|uh huh|uh-huh|uhhuh|ah|ahh|oh|ooh|aha|ah ha|ok|okay|okey|okey dokey|wow|cool|super|bravo"

EN: Final = FloorWords(
    listening=_phrases(
        _BOTH + "|right|all right|alright|yeah|yep|yup|ya|yes|sure|sure thing|sure sure|i see|i see i see|got it|gotcha|got you|makes sense|that makes sense|understood|i understand|i hear you|i get it|i get that|fine|good|great|nice|very nice|very good|perfect|"
        "excellent|awesome|amazing|lovely|wonderful|fantastic|interesting|very interesting|exactly|absolutely|totally|definitely|correct|true|that's true|so true|indeed|of course|fair enough|no kidding|no way|really nice|oh really|sounds good|sounds great|sounds nice|sounds fair|sounds interesting|"
        "that sounds good|that sounds great|that sounds nice|that's good|that's great|that's nice|that's cool|that's right|that's interesting|that's awesome|that's fair|that's amazing|how nice|go on|go ahead|please go on|keep going|please go ahead|please continue|continue|carry on|go for it|tell me more|i'm listening|listening|i'm with you|"
        "i follow|well well|there you go|good to know|good to hear|nice to hear|you bet|for sure|oh boy|oh wow|oh nice|oh good|oh i see|oh okay|yes yes|yeah yeah|no problem|no worries|i know|i know right|same here|thanks|thank you|word|bet|my goodness|oh my|gosh|damn|huh|you don't say|works for me|i like it|i like that|love it|i love it|love that|not bad|true true|please do"
    ),
    agreeing=frozenset("yes yeah yep yup ya sure okay ok definitely absolutely alright correct right fine exactly perfect great please uh-huh mm-hm mm-hmm mhm uhhuh course good sounds works".split()),
    taking=frozenset(
        "no nope nah not never stop wait don't doesn't didn't isn't aren't wasn't won't wouldn't can't cannot couldn't shouldn't haven't hasn't hold hang but however actually sorry pardon excuse what what's who who's whose when where where's why how how's which repeat slower louder "
        "bye goodbye unsubscribe expensive cancel remove quit enough human person agent representative operator manager supervisor somebody someone question nevermind busy driving wrong scam robot recording hello hi cheaper discount refund shut listen hey help emergency speak slow later interrupt".split()
    ),
    taking_phrases=r"\b(?:(?:is|are|do|does|did|can|could|will|would|should|may|have|has|am) (?:i|you|it|there|that|this|we|they|he|she|the|your|my)\b|let me|i want|i need|i'd like|i'd rather|i would|i have to|i have a|i'm (?!with you|listening)\w+|i already|i thought|i think|i prefer|i tried|i live|my (?:name|number|question|problem|email|wife|husband|doctor|goal)|"
    r"one (?:second|sec|moment|minute)|just a (?:second|sec|moment|minute)|a second|give me|call me|take me|leave me|send me|tell me (?:about|what|how|why|when)|go back|too (?:much|expensive|fast|late|long)|have to go|gotta go|got to go|talk to|speak to|speak with|my turn|thank you bye|stop it|be quiet|take care|have a (?:good|nice)|see you|move on|skip)\b",
    beginnings=frozenset("i i'm so well and the a an my we you it it's that that's this then because or if like maybe also um uh er uhm hmm to for in of is just let's he she they there there's as at with on please".split()),
    aside=r"\b(?:honey|hon|sweetie|sweetheart|sweety|darling|mommy|daddy|kiddo|(?<!my )(?<!the )(?<!a )(?<!your )(?<!with )(?:baby|babe|mom|mama|buddy|guys)(?= )|on the phone|in the kitchen|on the table|the dog|the cat|the door|the window|the oven|the stove|the tv|the remote|the baby|doorbell|your (?:shoes|homework|room|toys|jacket|coat|teeth|lunch|hands|brother|sister)|good boy|good girl|bad dog|down boy|"
    r"be right there|be there in a (?:minute|second|sec|moment)|i'll be (?:right )?there|coming in a (?:minute|second)|dinner (?:is|will be)|lunch is|in the (?:fridge|car|garage|bedroom|bathroom|living room|drawer)|put (?:it|that|them) (?:on|in|down|over|back|away)|give (?:it|that) (?:back )?to (?:him|her|your)|get down|come here|sit down|not you|she is on|he is on|turn (?:it|that|the) (?:down|off)|ask your (?:mother|father|mom|dad)|close the|shut the|leave it (?:there|on)|stop (?:it|hitting|barking|pulling|fighting|running) (?:max|buddy|you two|tommy|your)|stop (?:hitting|barking|fighting|pulling))\b",
    business=frozenset("price cost costs much plan plans coach trainer month monthly gym weight contract session appointment pay payment app calling number".split()),
    function=frozenset("i you he she it we they me him her us them the a an my your his its our their this that these those is are was were be been am do does did have has had will would can could should may to of in on at for with by from and or so well just then than as if there here oh um uh very too it's i'm that's yeah yes okay ok right".split()),
)  # fmt: skip

ES: Final = FloorWords(
    listening=_phrases(
        _BOTH + "|aja|aja aja|ajam|uju|claro|claro claro|claro que si|clarisimo|si|si si|si claro|ya|ya ya|ya veo|ya entiendo|ya entendi|ah ya|ah ok|ah okay|a ok|vale|vale vale|bueno|bueno bueno|bien|muy bien|esta bien|que bien|que bueno|que padre|que chevere|chevere|que interesante|interesante|muy interesante|exacto|exactamente|correcto|"
        "asi es|eso|eso es|eso mismo|entiendo|entendido|comprendo|ya comprendo|de acuerdo|perfecto|excelente|genial|buenisimo|barbaro|joya|dale|dale dale|listo|va|sale|sale pues|orale|andale|simon|sip|obvio|por supuesto|desde luego|logico|cierto|es cierto|es verdad|verdad|tal cual|totalmente|fijate|mira|mira tu|mire|que lindo|que bonito|"
        "mira que bien|anda|no me diga|no me digas|siga|sigue|siga siga|continue|prosiga|adelante|siga por favor|adelante por favor|cuenteme|le escucho|la escucho|lo escucho|te escucho|escucho|me parece bien|me parece|suena bien|suena interesante|me gusta|me encanta|oh que bien|ah que bien|ah mira|ah bueno|ah claro|ah perfecto|guay|que guay|mola|"
        "bacano|que bacano|de una|padrisimo|ok ok|okay okay|sin problema|seguro|gracias|muchas gracias|ah si|oh|uy|uy que bien|caramba|vaya|hombre claro|hala|ostras|hijole|posta|re bien|che que bueno|tranquilo|con gusto|como no|efectivamente|le sigo|te sigo|la sigo|no hay problema|lo se|ya se|si ya|si si si|si ya veo|pues si|pues claro|ya lo creo|qué va bien|todo bien|nada mal|no esta mal"
    ),
    agreeing=frozenset("si claro dale vale bueno ok okay correcto exacto perfecto seguro efectivamente aja listo va sale supuesto bien genial cierto orale sip obvio acuerdo encantado encantaria gusto parece".split()),
    taking=frozenset(
        "no nunca jamas pero espere espera esperen espereme aguarde pare para_ basta alto oiga oye disculpe perdon perdone cual cuales cuando donde quien quienes cuanto cuanta cuantos cuantas como repita repitame despacio adios chao chau caro cara carisimo cancelar cancele persona humano agente asesor operador operadora "
        "gerente encargado alguien pregunta duda consulta equivocado robot maquina grabacion estafa ocupado ocupada manejando hola alo digame ayuda emergencia olvidelo olvidalo aguanta aguante aguanten frene momento momentito segundo segundito minuto tampoco tiempo descuento mande luego callese cuelgo colgar demasiado interesa permitame dejeme dejame escuche escucheme corte borreme quiteme".split()
    ),
    taking_phrases=r"\b(?:por que|hay (?:contrato|que|algun|descuento)|puedo|podria|puede (?:ser|repetir|hablar|decir)|tienen|tiene (?:algo|descuento|un|una)|es (?:usted|gratis|un|una|muy|para)|yo (?:ya|quiero|tengo|no|prefiero|necesito|creo|pense)|quiero|quisiera|necesito|prefiero|tengo (?:que|una|un)|ya (?:tengo|le dije|les dije|voy a)|mi (?:nombre|numero|problema|correo|esposo|esposa|marido|mujer|medico|meta)|"
    r"soy |estoy |hable mas|mas (?:despacio|lento|barato|fuerte|alto)|un (?:momento|segundo|minuto|ratito)|hasta (?:luego|pronto|manana)|nos vemos|me tengo que|tengo que (?:ir|colgar)|paseme|comuniqueme|dej[ea](?:n)? de|quit[ea](?:n)?me|borren|llameme|lo que (?:yo )?quiero|a ver si|otra cosa|otra vez|de nuevo|ya basta|muy caro|vale la pena|cuesta|para un (?:poco|segundo|momento)|que (?:dijo|dice|dijiste|es|incluye|pasa|tal|plan|hace|ofrece\w*|significa|quiere|tengo)|^que$)\b",
    beginnings=frozenset("y yo pues o e el la los las un una mi me te se lo le su en de a con por para es entonces que este esta eh em mmm ah este o_sea que_ si_ sino porque al del tu usted nosotros ellos hay ya_ asi tambien".split()),
    aside=r"\b(?:mi amor|carino|mi vida|mami|papi|mijo|mija|^(?:no |si |ya |espera )*(?:amor|cielo|bebe|mama|papa|hijo|hija|nene|nena|gordo|gorda|ninos|chicos|abuela|abuelo)(?= )|en el telefono|al telefono|por telefono con|en la cocina|en la mesa|el perro|la perra|el gato|la puerta|la ventana|el horno|la estufa|la tele|el control|el timbre|"
    r"tus (?:zapatos|juguetes|dientes|manos|tareas)|tu (?:tarea|cuarto|chaqueta|hermano|hermana)|^(?:si |no |ok )*(?:ya|ahora|ahorita) voy(?: un (?:minuto|momento|segundo))?$|ponlo|ponla|ponte|dejalo (?:ahi|en)|dejala (?:ahi|en)|dale (?:eso )?a tu|dile (?:a|que)|preguntale a|ven aca|ven aqui|vente|sientate|bajate|callate|calla|quieto|quieta|baja (?:la|el|de)|apaga|cierra|abre la|en el (?:carro|coche|cajon|refri|bano|cuarto)|la comida esta|la cena esta|sueltalo|sueltame|no le pegues|no pegues|perrito)\b",
    business=frozenset("precio cuesta cuanto plan planes entrenador mes gimnasio peso contrato sesion cita pagar pago aplicacion llamar llamarme numero".split()),
    function=frozenset("el la los las un una unos unas lo le les me te se nos mi tu su mis tus sus yo usted tu el ella ellos es esta son soy estoy ser estar hay de del a al en con por para sin y e o u que si ya muy mas pues bueno eh este esta eso esto ese esa asi ah oh".split()),
)  # fmt: skip

BY_LANGUAGE: Final[Mapping[str, FloorWords]] = {"en": EN, "es": ES}
