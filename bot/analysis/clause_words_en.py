# ruff: noqa: E501 - word lists are data, a line a purpose
"""The words and turns of phrase by which the end of English speech is judged; lower case."""

from __future__ import annotations

import re
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


FILLERS: Final = _set("um uh uhm umm uhh er erm hmm hm mm ah eh")
LEADS: Final = FILLERS | _set(
    "just well so and but oh okay ok yeah yes yep yup no nope actually like right alright anyway listen look honestly basically maybe sure hi hello hey or then also plus great good fine cool sorry"
)
TRAILS: Final = _set("please thanks sir ma'am madam though anyway actually sorry")
YES_NO: Final = _set(
    "yes yeah yep yup no nope nah sure okay ok right correct exactly absolutely definitely certainly perfect great fine alright maybe never nothing none both neither either agreed deal indeed probably possibly sometimes always"
)

BE: Final = _set("is are was were am isn't aren't wasn't weren't")
DO: Final = _set("do does did don't doesn't didn't")
MODAL: Final = _set(
    "will would can could should shall may might must won't wouldn't can't cannot couldn't shouldn't mustn't"
)
PERFECT: Final = _set("have has had haven't hasn't hadn't")
AUX: Final = BE | DO | MODAL | PERFECT
SUBJECTS: Final = _set(
    "i we they he she you it there this that who everything everybody everyone nothing nobody somebody something these those"
)
CONTRACTED: Final = _set(
    "i'm you're he's she's it's we're they're that's there's what's who's where's how's when's i've you've we've they've i'd you'd we'd they'd he'd she'd i'll you'll we'll they'll it'll that'll let's here's im dont"
)
WH: Final = _set("what how when where who why which whose what's who's where's how's when's whom")
SUBORDINATORS: Final = _set(
    "if when whenever because cause cuz since although though unless until while after before once as"
)
CONJUNCTIONS: Final = _set(
    "and or but because cause cuz if whether although unless than nor plus since while until so that when where"
)
DETERMINERS: Final = _set("the a an my your his our their its every some any no each")
ALWAYS_OPEN: Final = (
    _set("the a an my your our their its every each and or but because cause cuz nor than if whether although unless until while whenever")
    | _set("of with from to for at by into onto during without against towards toward per via among between beyond except despite as i i'm im he she we they")
    | CONTRACTED
    | _set("whose which very gonna wanna gotta some any another several same next_ um uh be been being am such")
    | FILLERS
)  # fmt: skip
SOFT_PREPOSITIONS: Final = _set(
    "in on about like over through around under after before since near than of from at with for to"
)
THAT_AFTER: Final = _set(
    "afford enjoy repeat explain say spell hear read accept about for with of like do does did want need in to on at from by than without take try buy use cost costs doing love hate pay have get"
)
PARTICLE_VERBS: Final = _set(
    "log sign come hold go move carry keep hang join fill put get work give jump check turn call try head bring logged signed worked"
)
ADVERBS_OPEN: Final = _set(
    "just also always usually probably even really actually basically mostly only currently never not kinda sorta quite pretty rather maybe perhaps mainly almost especially definitely simply already often"
)
NEEDS_NOUN: Final = _set(
    "good new free better best different specific certain particular personal monthly weekly full big small special few couple great long short bad real little own whole"
)
OBJECT_VERBS: Final = _set(
    "want wants wanted need needs needed like_ get gets getting got give gives gave giving make makes making made take takes taking took bring put find finding buy buying bought use using lose losing gain gaining "
    "improve improving increase increasing reduce reducing lower lowering have has had build building keep keeping send sending include includes cover covers choose prefer see_ seeing want_ "
    "say saying said tell telling told ask asking asked wonder wondering think thinking thought believe hope hoping guess mean means meant suppose figure feel felt feeling become becoming became remember offer offers "
    "expect recommend suggest try trying mention discuss add avoid enjoy hate reach receive provide book schedule know_ let lets show decide consider spend spending check checking"
)  # fmt: skip
SOFT_VERBS: Final = _set("tried know see pay eat do keep play lift hurt start read write call sign stop move change")
INTRANSITIVE: Final = _set(
    "work works worked hurt hurts train trained run ran walk walked start started stopped helped helps matter matters depends go went live lived sleep slept exercise exercised relax happens happened cost costs "
    "understand understood agree agreed came died fell smoke drink vary moved recovered waited talked spoke called cancelled canceled expired failed improved changed finished ended tried quit signed"
)
REPORT: Final = _set(
    "think thinking thought say said saying heard hear told mean believe hope guess feel know sure find found noticed worried afraid is was happy understand given now fact so read saw imagine suppose wish decided agree tell tells see"
)
IMPERATIVES: Final = _set(
    "call tell send give stop take put book sign cancel explain repeat speak talk wait hold say go remove transfer connect leave don't delete forget please pass get help hang come let slow lose quit never unsubscribe try do"
)
WHOLE: Final = _set(
    "hello hi hey bye goodbye thanks sorry pardon wait stop really unsubscribe exactly goodnight huh operator agent representative"
)
WHOLE_PHRASES: Final = re.compile(
    r"(?:hello|hi|hey|(?:hi |hello )?good (?:morning|afternoon|evening|night|day)|hi there|hello there|thank you(?: very much| so much)?|thanks(?: a lot| so much)?|thank you bye|bye bye|good ?bye|see you(?: later| then| soon)?|take care|have a (?:good|nice|great) (?:day|one|evening|night|weekend)|talk to you later|"
    r"how are you(?: doing)?(?: today)?|who is (?:this|it|that|calling)|who's (?:this|that|calling)|what is (?:it|this|that|this about|that about)|what's (?:this|that|up|that about|this about)|how much is (?:it|that|this)|how come|how so|why not|since when|until when|what else|so what|then what|what now|like what|for what|with who|which one|"
    r"excuse me|pardon me|come again|say (?:that|it) again|say again|what was that|sorry what|one (?:second|moment|minute)|just a (?:second|moment|minute)|hold on(?: a (?:second|moment|minute))?|wait a (?:second|moment|minute)|hang on|i see|i understand|got it|sounds (?:good|great|fine)|that works(?: for me)?|no way|of course(?: not)?|not really|not at all|not yet|not now|not interested|not today|not sure|me too|me neither|"
    r"that's right|that's correct|that's it|that's all|that's fine|that's me|i'm good|i'm fine|i'm here|go ahead|no problem|never mind|whatever|i think so|i guess so|i hope so|i suppose so|i don't think so|a little bit|a lot|all of (?:it|them|that|the above)|both of them|both|neither|either(?: one)?|all three|the (?:first|second|third|last|other|cheaper|cheapest|bigger|basic|pro|elite|app) (?:one|plan|option)|"
    r"a (?:real )?(?:person|human)|customer service|leave me alone|too (?:expensive|much|late|early)|how about you|and you|what about you|speaking|this is (?:he|she|him|her))"
)
CLOSING: Final = re.compile(
    r"\b(?:(?:and|so) )?(?:that(?:'s| is| would be| will be|'ll be| was)|this is) (?:all|it|everything)(?: (?:i (?:have|need|wanted|know|can say)|for (?:now|today|me)|really|i guess|from me|to say|i wanted to (?:say|know)))?$|\bnothing (?:else|more)$|\bi'm done$|\bthe end$"
)
CLOSING_MARKS: Final = ("all", " it", "everything", "nothing", "done", "the end")
THINKING: Final = frozenset((
    "let me see", "let me think", "let me check", "let me look", "let me find", "let's see", "how do i say", "how do i put it", "how should i say", "how can i say",
    "what's the word", "you know", "sort of", "kind of", "i was like", "such as", "for example", "for instance", "in order", "so that", "as well as", "the thing is",
    "i was thinking", "i was wondering", "i was just thinking", "i was just wondering", "first of all", "to be honest", "to tell you the truth", "i'd say", "because of",
    "in case", "as long as", "as soon as", "so far as", "due to", "according to", "instead of", "at least", "the other", "even though", "even if", "as if", "such a", "not only", "no i mean",
))  # fmt: skip
STRANDED: Final = re.compile(
    r"(?:\bwho(?:m)? .*(?:talk|talking|speak|speaking|speaking|work) (?:to|with|for)|\bwhere .*\bfrom|\bwhat(?:'s| is| was) (?:this|that|it|the call|your call|this call) (?:all )?(?:about|for|like)|\bwhat (?:does|would|will|did) (?:it|that|this) (?:look|sound|feel|taste) like|\bwhat .*\b(?:look|looks|sound|sounds|feels) like|"
    r"\bwhat (?:are|were) you (?:talking about|looking for|calling (?:about|for))|\bwhat (?:do|did) you (?:call|want) (?:for|from me)|\b(?:something|someone|somebody) to (?:talk to|work with|look forward to)|\b(?:what|everything) i(?:'m| am| was)? (?:looking|hoping|asking|waiting) for|\b(?:how|what) (?:.*) (?:gets|get) (?:paid )?for)$"
)
ELLIPTIC: Final = re.compile(
    r"^(?:i|it|that|we|he|she|they|you) (?:do|don't|am|am not|do not|can|can't|did|didn't|won't|would|wouldn't|will|is|isn't|was|wasn't|have|haven't|has|hasn't)$|^i'm not$|^(?:i'd|i would) rather not$|^(?:i'd|i would|we'd|we would) (?:love|like|be happy|be glad) to$|^i (?:don't )?(?:want|need|have) to$|^not going to$"
)
SETUP: Final = re.compile(
    r"^(?:(?:what|all|the (?:only )?thing|the first thing|the reason|the question|one thing) (?:that )?(?:i|we|my|you|he|she|they)\b)"
)
EMBEDDED_BE: Final = re.compile(
    r"\b(?:what|where|who|how \w+|how|which \w+|what \w+) (?:it|you|he|she|they|that|this|we|those|these|i|(?:the|my|your) \w+) (?:is|are|was|were|am)$"
)
SPEAK: Final = re.compile(r"^let me (?:talk|speak) (?:to|with) .*\w{3}$(?<! the)(?<! your)(?<! with)")
ASKING: Final = re.compile(
    r"^(?:i (?:just )?(?:wanted|want|would like|need) to (?:ask|know|say|tell|hear|see|check)|i'd like to (?:ask|know|say)|i'm (?:just )?(?:calling|wondering|asking)|(?:can|could|would|will) you (?:please )?(?:tell|give|send|show|get)|(?:he|she|they|you|i was) (?:told|asked))(?: you| about| me| us)?$"
)
NUMBER: Final = re.compile(
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|hundred|\d+|first|second|third|half|minimum|maximum)"
)
LONGEST_PHRASE: Final = 6
HEAD: Final = re.compile(
    r"^(?:.* )?(?:know|tell|see|understand|wonder|ask|depends on|about|explain|remember|sure|find out|idea|matter|care|hear)\b"
)
INVERTED_ONLY: Final = re.compile(
    r"(?:^|\b(?:what|how|when|where|why|who|which|much|many|long|often|\w+) )(?:do|does|did|can|could|will|would|should|have|has|may|is|are|am|was|were) (?:i|you|we|they|he|she|it|there|this|that)$"
)
QUESTION_BE: Final = re.compile(
    r"^(?:(?:how much|how long|how far|how big|how old|how hard|how good|how expensive|what|who|what time|what day|which (?:one|plan)|what kind|what number|what company|why) (?:is|was|are|were)|who's|what's|how much's) (?:it|that|this|he|she|they|those|these|you)$"
)
