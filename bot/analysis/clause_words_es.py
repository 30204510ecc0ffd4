# ruff: noqa: E501 - word lists are data, a line a purpose
"""The words and turns of phrase by which the end of Spanish speech is judged; lower case, accents where they tell."""

from __future__ import annotations

import re
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


FILLERS: Final = _set("eh em este ehm mmm mm ah um uh hmm eeh eee")
LEADS: Final = FILLERS | _set(
    "pues bueno y e pero oiga oye mire mira entonces sí ah oh ay ok okay vale claro hola buenas ya o disculpe perdone perdón a_ver fíjese verá verás digo che órale no_ además también gracias híjole uy"
)
TRAILS: Final = _set(
    "gracias señor señora señorita joven porfa porfavor verdad oiga eh oye amigo ahorita pues entonces"
)
YES_NO: Final = _set(
    "sí si no claro vale correcto exacto exactamente dale bueno ok okay perfecto seguro nunca nada nadie ninguno ninguna siempre ambos ambas tampoco también obvio afirmativo negativo cierto ya genial bien excelente sale órale sip nop ajá efectivamente jamás gracias"
)

OPEN: Final = (
    _set(
        "el los las un una unos unas la lo y e o u ni pero porque que aunque si mientras sino de del al a en con por para sin sobre entre hasta desde hacia según contra durante tras ante bajo mediante "
        "mi tu su mis tus sus nuestro nuestra nuestros nuestras me te se le les nos os muy tan cada algún ningún gran buen mal primer tercer cualquier "
        "es está soy estoy son están somos estamos era eran fue fueron ser estar sería siendo estaba estaban he ha han hemos había habían hay había voy vamos iba parece como cuando donde cuyo cuya "
        "va van estado sido tenido hecho dicho ustedes_ quisiera debo debería deberíamos suelo suele tendría habría podría podríamos podrían entonces quizá quizás tal o_sea mas dizque unas según cuál sería es_que siquiera"
    )
    | FILLERS
)
OBJECT_VERBS: Final = _set(
    "quiero quiere quieren queremos quería querría querían quisiéramos necesito necesita necesitamos necesitaba necesitaría tengo tiene tienen tenemos tenía tienes tuve busco buscaba buscando prefiero pienso pensaba pensando creo creía digo decía dije dijo "
    "dicen siento espero gustaría encantaría interesaría puedo puede pueden podemos podía hago hace hacen hacía hice hacer tener perder ganar mejorar aumentar reducir comprar saber preguntar decir decirle preguntarle "
    "haber poder deber querer conseguir lograr dejar encontrar dar poner tomar usar llevar llevo llevaba tomo uso trato tratando trataba intento intentando intentar pago pagar incluye incluyen cubre ofrece ofrecen dan cuesta_ "
    "viendo mirando buscando queriendo haciendo teniendo perdiendo ganando deja dejo empecé probé comencé usted_ soporto recomienda gusta_ vi dijeron tenga tengan haya quiera pueda duele_ encuentra tenés querés podés quieres puedes sé_ significa vendo doy"
)
PRONOUNS: Final = _set("yo usted tú vos él ella ellos ellas nosotros ustedes")
CLITICS: Final = _set("lo la los las le les me te se nos")
WH: Final = _set("qué cuánto cuánta cuántos cuántas cómo cuándo dónde quién quiénes cuál cuáles adónde")
WH_PLAIN: Final = _set("que cuanto cuanta cuantos cuantas como cuando donde quien quienes cual cuales adonde")
SUBORDINATORS: Final = _set("si cuando porque como aunque mientras apenas")
WHOLE: Final = _set(
    "hola aló bueno diga mande perdón perdone disculpe adiós chao chau gracias espere espera oiga oye alto basta pare igualmente buenas operador operadora eh ciao órale"
)
WHOLE_PHRASES: Final = re.compile(
    r"(?:buen(?:os|as) (?:dias|tardes|noches)|buen dia|hola buen(?:os|as) (?:dias|tardes|noches)|que tal|como (?:esta|estas|le va|te va|andas)(?: usted)?|quien (?:es|habla|llama|eres)(?: usted)?|de parte de quien|con quien hablo|cuanto (?:es|cuesta|vale|sale|seria)|que (?:es|era) (?:eso|esto)|"
    r"de que se trata|de que trata|muchas gracias|mil gracias|hasta (?:luego|pronto|manana|la vista)|nos vemos|que (?:tenga|este|le vaya|pase) .*|cuidese|un (?:momento|momentito|segundo|segundito|minuto|ratito)|(?:deme|dame|espere|espereme|permitame|espera) un (?:momento|segundo|minuto|segundito|momentito)|"
    r"(?:como|que) dijo|como dice|que dice|otra vez|de nuevo|no (?:le |te |lo )?(?:entiendo|entendi|escucho|oigo|escuche|oi)(?: bien| nada)?|ya veo|entiendo|de acuerdo|prefiero (?:que )?no|por supuesto(?: que no| que si)?|claro que (?:si|no)|desde luego|esta bien|me parece(?: bien| perfecto| buena idea)?|suena bien|muy bien|asi es|eso es|"
    r"no gracias|si gracias|no me interesa|me interesa|no estoy interesad[oa]|para nada|de ninguna manera|ni hablar|ahora no|todavia no|aun no|mejor no|hoy no|creo que (?:si|no)|no se|no creo|la verdad (?:no|si)|tal vez|puede ser|quizas|a veces|casi siempre|casi nunca|depende|"
    r"los dos|las dos|ambos|ninguno|ninguna|ninguno de los dos|cualquiera|los tres|las tres|todos|todo|todo eso|un poco de todo|el (?:primero|segundo|tercero|ultimo|basico|pro|elite|barato|mas barato)|la (?:primera|segunda|tercera|ultima|mas barata)|"
    r"y (?:usted|tu|vos|ustedes|eso|entonces)|por que(?: no)?|para que|como asi|a que hora|desde cuando|hasta cuando|en serio|de verdad|(?:un|una) (?:persona|agente|humano|operador|operadora|asesor)|dejeme en paz|soy yo|yo tambien|yo tampoco|a mi tambien|yo si|yo no|con el habla|con ella habla|ella habla|el habla|"
    r"(?:muy|demasiado) (?:caro|cara|tarde|temprano)|si puedo|no puedo|no quiero|si quiero|ya no|ya lo tengo|ahi esta|ya esta|no pasa nada|lo siento(?: mucho)?|no importa|siga|adelante|sale y vale|con gusto|encantad[oa])"
)
DOUBTFUL: Final = frozenset(
    (
        "no se",
        "depende",
        "no puedo",
        "no quiero",
        "a veces",
        "tal vez",
        "puede ser",
        "quizas",
        "creo que si",
        "creo que no",
        "ya no",
        "todo",
        "me parece",
        "yo no",
        "yo si",
        "eso es",
        "entiendo",
        "por que",
        "si puedo",
        "si quiero",
        "para que",
        "no creo",
        "la verdad no",
        "a que hora",
    )
)
LONGEST_PHRASE: Final = 7
NUMBERS: Final = _set(
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce quince veinte treinta cuarenta cincuenta cien mil primer primera segunda primero segundo mínimo máximo media"
)
CLOSING: Final = re.compile(
    r"\b(?:(?:y|pues|bueno) )?(?:eso|esto) (?:es|seria|era|fue) (?:todo|lo que queria (?:saber|decir|preguntar))(?: (?:por ahora|gracias|lo que (?:queria|quiero|tengo)(?: .{0,14})?|queria (?:saber|decir)))?$|\b(?:eso|eso es) todo$|\bes todo$|\bnada mas$|\by ya(?: esta)?$|\by listo$"
)
CLOSING_MARKS: Final = ("eso ", "esto ", "todo", "nada mas", "y ya", "y listo")
THINKING: Final = frozenset((
    "o sea", "a ver", "dejeme ver", "dejeme pensar", "dejeme revisar", "dejeme buscar", "dejame ver", "dejame pensar", "vamos a ver", "como le digo", "como te digo", "como diria", "como se diria",
    "por ejemplo", "es decir", "tal vez", "lo que pasa", "el problema", "la cosa", "es que", "debido a", "gracias a que", "a pesar de", "en vez de", "en lugar de", "antes de", "despues de", "acerca de",
    "a lo mejor", "la verdad", "para ser sincero", "para ser sincera", "resulta que", "digamos", "pues mire", "fijese que", "asi que", "ya que", "para que", "sin que", "aun asi", "en caso de", "tanto como",
    "estaba pensando", "estoy pensando", "queria saber", "queria preguntar", "queria preguntarle", "queria decir", "queria decirle", "quisiera saber", "quisiera preguntar", "quisiera preguntarle", "por lo menos", "al menos",
    "primero que nada", "en primer lugar", "no se si", "no se que", "me preguntaba", "lo primero", "de la", "a las", "el proximo", "la proxima", "este proximo", "me llamo", "mi nombre", "soy de", "vengo de",
))  # fmt: skip
SETUP: Final = re.compile(
    r"^(?:lo (?:que|unico que|primero que|mas importante que)|el motivo por el que|la razon por la que|todo lo que)\b"
)
COPULA: Final = _set("es era fue sería son eran")
WH_COPULA: Final = re.compile(
    r"(?:^|\b)(?:quien|donde|cuanto|como|cuantos|cuantas|de donde|que hora|cuanto tiempo|de quien) (?:es|son|esta|estan|eres|estas|era|seria|fue)$"
)
TOLD: Final = _set("he había fui fue hice tuve estuve vi dije puse vino tuvo quise pude supe era")
INTRANSITIVE: Final = _set(
    "funciona funcionó funcionaba duele duelen dolía trabajo trabaja vivo vive entreno entrena importa existe corro camino duermo canso cansa aburro alcanza sirve sirvió entiendo entendí interesa dura cambió murió vino llegó volvió pasó salió gustó cuesta estudio lastimé cocino operaron cerró ayuda"
)
WH_COPULAS: Final = _set("es son está están eres estás era sería fue esta estan")
BEFORE_NOUN: Final = _set("lo el la los las un una mi su tu mis sus este esta ese esa al del de otro otra con sin por")
HAVE: Final = _set("he ha han hemos había habían haya")
AFTER_VERB_MORE: Final = _set("más menos")
