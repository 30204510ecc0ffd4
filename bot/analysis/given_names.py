# ruff: noqa: E501 - a word list
"""Common given names of English and Spanish speakers (plain text), which may stand alone after "it's" or "soy"."""

from __future__ import annotations

from typing import Final

GIVEN_NAMES: Final = frozenset(
    """james john robert michael david william richard joseph thomas charles christopher daniel matthew anthony donald steven
    paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric jonathan stephen
    larry justin scott brandon benjamin samuel gregory frank alexander raymond patrick jack dennis jerry tyler aaron jose adam nathan
    henry douglas zachary peter kyle walter ethan jeremy harold keith christian roger noah gerald carl terry sean austin arthur
    lawrence jesse dylan bryan joe jordan billy bruce albert willie gabriel logan alan juan wayne roy ralph randy eugene vincent
    russell elijah louis bobby philip johnny bob jim tom mike dave steve chris matt tony dan ben sam nick greg rob bill rick ted
    jeff ken ron tim josh alex max luke owen liam mason oliver leo marcus derek trevor victor omar ahmed ali raj ravi amit
    mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly emily
    donna michelle carol amanda melissa deborah stephanie dorothy rebecca sharon laura cynthia amy kathleen angela shirley brenda
    emma anna pamela nicole samantha katherine christine helen debra rachel carolyn janet maria catherine heather diane olivia julie
    joyce victoria ruth virginia lauren kelly christina joan evelyn judith andrea hannah megan cheryl jacqueline martha madison teresa
    gloria sara janice ann kathryn abigail sophia frances jean alice judy isabella julia grace amber denise danielle marilyn beverly
    charlotte natalie theresa diana brittany doris kayla alexis lori kate katie jenny beth sue liz meg tina wendy tracy priya anita
    fiona siobhan aoife niamh saoirse claire zoe chloe ella mia ava holly molly lucy ellen jane rosie nora
    jose luis carlos jorge antonio manuel francisco javier pedro pablo miguel rafael angel fernando sergio alberto eduardo ricardo
    roberto mario raul diego alejandro andres oscar enrique arturo gerardo ramon jaime ernesto hector hugo ivan ignacio gonzalo
    rodrigo santiago sebastian mateo nicolas tomas lucas martin emilio felipe gustavo guillermo julian cristian adrian alvaro
    ruben marcos agustin facundo matias joaquin esteban mauricio camilo leonardo jesus salvador vicente domingo joel cesar
    ana lucia carmen josefa isabel dolores pilar teresa rosa antonia francisca mercedes elena concepcion luisa manuela cristina
    paula beatriz raquel silvia patricia marta alicia sonia veronica gabriela daniela valentina camila sofia mariana fernanda alejandra
    adriana claudia monica carolina lorena guadalupe leticia yolanda norma graciela susana liliana ximena jimena florencia
    agustina martina catalina juliana natalia viviana rocio ines irene esther montserrat noelia consuelo esperanza araceli
    margarita juana marisol maribel yesenia itzel paola renata regina emilia julieta micaela belen lourdes elvira olga eva nuria""".split()
)
