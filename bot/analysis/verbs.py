# ruff: noqa: E501 - word lists are data, a line a purpose
"""Which words are verbs: the common verbs of telephone talk with their forms, in English and Spanish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

_EN_REGULAR: Final = (
    "handle accept add afford agree answer apply arrive ask avoid believe belong bill book bother burn call cancel care change charge check "
    "chat climb close compare complain complete connect contact contain continue cook count cover cycle dance decide deliver depend "
    "drop eliminate end enjoy enter exercise expect explain expire fail feature fill finish fit fix follow gain guide happen hate help "
    "hike hope hurt improve include increase injure interest invest join jog jump last lack learn lift like listen live locate look "
    "love lower maintain manage matter mean measure mention miss move need object offer open operate owe own park pass pay phone pick "
    "plan play practice prefer prepare promise provide pull push raise reach receive recommend record recover reduce refund register "
    "relax remember remind remove rent repeat replace reply require rest result retire return ride save schedule seem separate serve "
    "share show sign skip smoke snack snore sound start stay stop stretch struggle study suffer suggest support suppose swim switch "
    "talk text thank tire train transfer travel treat trust try turn twist use visit wait walk want warn waste watch weigh wonder "
    "work worry cost cut hit let put quit set shut read spend"
).split()
_EN_IRREGULAR: Final = (
    "become became becomes becoming begin began begun begins beginning break broke broken breaks breaking bring brought brings bringing "
    "build built builds building buy bought buys buying choose chose chosen chooses choosing come came comes coming do did does done "
    "doing drink drank drinks drinking drive drove drives driving eat ate eaten eats eating fall fell fallen falls falling feel felt "
    "feels feeling fight fought find found finds finding forget forgot forgotten forgets get got gotten gets getting give gave given "
    "gives giving go went gone goes going grow grew grown grows growing have had has having hear heard hears hearing hold held holds "
    "holding keep kept keeps keeping know knew known knows knowing lead led leads leave left leaves leaving lie lay lose lost loses "
    "losing make made makes making meet met meets meeting pay paid run ran runs running say said says saying see saw seen sees seeing "
    "sell sold sells selling send sent sends sending sit sat sits sitting sleep slept sleeps sleeping speak spoke spoken speaks "
    "speaking spent stand stood stands take took taken takes taking teach taught tell told tells telling think thought thinks thinking "
    "understand understood understands wake woke wakes wear wore wears win won wins write wrote writes"
).split()


def _en_forms(base: str) -> Iterator[str]:
    yield base
    yield base + ("es" if base.endswith(("s", "sh", "ch", "x", "z")) else "s")
    if base.endswith("e"):
        yield from (base + "d", base[:-1] + "ing")
    elif base.endswith("y") and base[-2] not in "aeiou":
        yield from (base[:-1] + "ies", base[:-1] + "ied", base + "ing")
    else:
        yield from (base + "ed", base + "ing")
        yield from (base + base[-1] + "ed", base + base[-1] + "ing")


EN_VERBS: Final = frozenset(form for base in _EN_REGULAR for form in _en_forms(base)) | frozenset(_EN_IRREGULAR)
"""Every form; nouns of the same shape ("plan", "work") are among them."""

EN_BASES: Final = frozenset(_EN_REGULAR) | frozenset(
    "become begin break bring build buy choose come do drink drive eat fall feel fight find forget get give go grow "
    "have hear hold keep know lead leave lie lose make meet pay run say see sell send sit sleep slow speak stand take teach "
    "tell think understand wake wear win write be".split()
)
"""As they stand after "to", "can", "does you"."""

_ES_REGULAR: Final = (
    "acabar aceptar adelgazar agendar ahorrar anotar aumentar avisar ayudar bajar bastar borrar buscar cambiar caminar cancelar cansar cenar "
    "cobrar cocinar comprar confirmar contactar contratar controlar cortar costar cuidar dejar desayunar descansar durar revisar alcanzar grabar ejercitar empezar enseñar enganchar "
    "entrenar entrar enviar escuchar esperar estudiar explicar faltar fumar funcionar ganar gastar gustar hablar importar incluir interesar intentar "
    "jugar lastimar levantar llamar llegar llenar llevar lograr mandar manejar marcar mejorar mirar molestar nadar necesitar notar ocupar olvidar "
    "organizar pagar parar participar pasar pensar pesar platicar practicar preguntar preocupar preparar probar programar quedar quemar quitar "
    "recomendar reservar retirar sacar sumar terminar tomar trabajar tratar usar utilizar viajar visitar equivocar encantar encontrar contar charlar "
    "aprender beber comer comprender correr creer deber depender entender leer ofrecer parecer perder poder querer responder suceder tener vender volver devolver valer "
    "atender conocer doler mover hacer poner saber ver traer "
    "abrir asistir añadir conseguir consistir convertir cubrir decidir decir dormir escribir existir preferir recibir dirigir elegir repetir salir seguir sentir servir "
    "subir sufrir venir vivir reducir inscribir"
).split()
_ES_IRREGULAR: Final = (
    "soy eres es somos son era eras eran fue fui fueron será sería serían sea sean estoy estás está estamos están estaba estaban estuve estuvo estaré "
    "estaría esté he has ha hemos han había habían habrá habría haya hay hubo tengo tienes tiene tenemos tienen tenía tenían tuve tuvo tuvieron tendré tendría tendrá tenés "
    "quiero quieres quiere queremos quieren querés quise quisiera quisiéramos puedo puedes puede pueden podés pude pudo podré podría podrías podrían podría voy vas va vamos van iba iban vaya "
    "hago haces hace hacen hacés hice hizo hicieron haré haría haga hagan sé sabe saben sabes supe digo dice dicen dijo dijeron dije diga dígame doy da dan di dio dé den deme "
    "pongo puse puso ponga vengo viene vienen vine vino salgo salió veo ves ven vi vio vea oigo oye traigo trajo pienso piensa piensan empiezo empieza empiezan empecé pierdo pierde pierden "
    "prefiero prefiere prefieren siento siente sienten sirve sirven sirvió sigo sigue siguen siga duermo duerme duermen cuesta cuestan cuestas costaría vuelvo vuelve vuelven vuelva vuelvan entiendo entiende "
    "encuentro encuentra consigo consigue recomienda recomiendan recomiendas duele duelen pruebo prueba cuento cuenta cuentan suena suenan suele suelo pago pague busco busque llegué saqué "
    "incluye incluyen incluía conozco conoce parezco ofrezco ofrece consiste quepa cabe juego jugué repito repite pido pide piden pidió muevo mueve muestra cierra cierran acuerdo acuesto despierto dígame haríamos hagamos hiciera pidieron"
).split()
_ES_ENDINGS: Final = {
    "ar": "o as a amos an ás é aste ó aron aba abas ábamos aban aré ará arán aría arían e es emos en ando ado ar arme arse arlo arla arle".split(),
    "er": "o es e emos en és í iste ió ieron ía ías íamos ían eré erá erán ería erían a as amos an iendo ido er erme erse erlo erla erle".split(),
    "ir": "o es e imos en ís í iste ió ieron ía ías íamos ían iré irá irán iría irían a as amos an iendo ido ir irme irse irlo irla irle".split(),
}  # fmt: skip
_ES_NOUNS: Final = (
    "hora horas persona cuenta pesas peso pesos hora plan cena cenas trabajo trabajos llamada entreno cambio pago pagos uso "
    "marca meta gasto gastos paso pasos pasa venta ventas beba como una trata visita visitas toma mejora comida bebida ganas "
    "para este ese sobre entrada salida cuentas pregunta preguntas prueba trabaja duda vida habla ida casa llama "
    "tarde noche mando corte lleva queda vez mes junta medida consulta"
).split()


def _es_forms(infinitive: str) -> Iterator[str]:
    stem, ending = infinitive[:-2], infinitive[-2:]
    for form in _ES_ENDINGS[ending]:
        yield stem + form
        if stem.endswith(("c", "g", "z")) and form.startswith(("é", "e")) and ending == "ar":
            yield stem[:-1] + {"c": "qu", "g": "gu", "z": "c"}[stem[-1]] + form


def _finite(forms: Iterable[str]) -> Iterator[str]:
    for form in forms:
        if not form.endswith(("ndo", "ado", "ido", "ar", "er", "ir", "rme", "rse", "rlo", "rla", "rle")):
            yield form


_ES_ALL: Final = frozenset(form for verb in _ES_REGULAR for form in _es_forms(verb))
ES_FINITE: Final = (frozenset(_finite(_ES_ALL)) - frozenset(_ES_NOUNS)) | frozenset(_ES_IRREGULAR) | frozenset(
    "habla llama trabaja pasa queda lleva pago trabajo entreno paso".split()
)  # fmt: skip
"""Forms that can carry a clause, with their accents; those that are more often nouns are left out."""

ES_INFINITIVES: Final = frozenset(_ES_REGULAR) | frozenset(("ser", "estar", "ir", "dar", "haber", "bailar", "nadar"))
"""The bare infinitives; with "me", "se", "lo" at the end they are found by their ending."""
