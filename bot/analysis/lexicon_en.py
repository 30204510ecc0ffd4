# ruff: noqa: E501 - word lists are data, a line a purpose
"""Word patterns of English intents, over plain text: (intent, weight, pattern). The heavier, the surer."""

from __future__ import annotations

from typing import Final

from bot.domain import DeliveryRequest as D
from bot.domain import Intent as I

PATTERNS: Final[tuple[tuple[I, float, str], ...]] = (
    (I.WRONG_NUMBER, 3.5, r"wrong (?:number|person|guy|woman|house)|(?:no|nobody|no one|not anyone|there's no) .{0,20}(?:by that name|here by|named|called that)|"
                          r"don't know (?:any|a|anyone by|who) .{0,16}(?:by that name|that is)|misdialed|not the person you|you must have the wrong|"
                          r"who(?:ever)? you(?:'re| are) looking for (?:isn't|is not|doesn't)|(?:doesn't|does not) live here"),
    (I.HUMAN, 3.2, r"(?:talk|speak|connect me|transfer me|put me (?:through|on)) (?:to|with) (?:a |an |some |the |your |another )?(?:real |actual |live |human )?"
                   r"(?:person|human|someone|somebody|agent|representative|manager|supervisor|operator|people|colleague)|(?:want|like|love|need|let me|put me) .{0,12}(?:talk|speak|through) (?:to|with) (?:a|the|my|your) coach|"
                   r"(?:real|actual|live) (?:person|human|agent)(?! ?\?)(?: please)?$|^(?:human|agent|operator|representative)(?: please)?$|"
                   r"(?:get|give) me (?:a |your )?(?:person|human|manager|supervisor|representative|someone)|transfer me|customer service"),
    (I.IS_AI, 3.4, r"(?:are|r) you (?:a |an |some kind of |actually |really |just |even )*(?:real|human|robot|bot|machine|computer|ai|artificial|person|recording|automated|chat ?bot|virtual)|"
                   r"(?:am i|i'm) (?:talking|speaking) (?:to|with) (?:a |an |some )?(?:real |actual |live )?(?:robot|bot|machine|computer|ai|recording|person|human)|"
                   r"is (?:this|that|it) (?:a |an |some |one of those )*(?:real |live )?(?:robot|bot|machine|computer|ai|recording|person|human|automated|artificial|robocall|robo call)|"
                   r"you(?:'re| are) (?:a |an |not )*(?:robot|bot|machine|computer|ai|human|real)\b|you sound like (?:a |an )?(?:robot|machine|computer|ai|recording)|robocall"),
    (I.MACHINE, 3.6, r"leave (?:a|your|me a) (?:message|name)|after the (?:tone|beep)|at the tone|voice ?mail|mailbox|is not available (?:right now|to take)|"
                     r"record your message|(?:can't|cannot|unable to) (?:come to|take|get to|answer) (?:the|your) (?:phone|call)|"
                     r"(?:state|say) your name (?:and|after)|call screening|screening service|press (?:one|1|two|2|pound)|"
                     r"you(?:'ve| have) reached (?:the )?(?:voice|mail|phone of)|the (?:person|number|party|subscriber) you (?:are trying|have dialed|called)|google (?:subscriber|assistant)"),
    (I.COMPLAINT, 2.8, r"complain\w*|(?:nobody|no one|never) (?:called|got back|showed|answered|replied)|you (?:people |guys )?(?:charged|overcharged|billed) me|"
                       r"my coach (?:never|didn't|doesn't|hasn't)|(?:terrible|awful|horrible|bad|worst) (?:service|experience)|(?:was|were) (?:rude|unprofessional)|"
                       r"(?:six|seven|five|6|7|5) (?:o'clock )?in the morning (?:is|who calls)|do you (?:know|realize) what time it is|(?:third|fourth|fifth|tenth|second) time (?:you|this week|today)|"
                       r"want (?:a|my) (?:refund|money back)|calling (?:me )?(?:so|this) (?:late|early)|who calls (?:at|on)"),
    (I.OBJECTION_PRICE, 2.6, r"(?:too|so|very|really|pretty|quite|that|kind of|a bit|bit|little) (?:expensive|pricey|steep|costly)|(?:that's|it's|price is|cost is|a bit|way) (?:too|so|pretty|quite|way too)? ?high|(?:too|so|that) much(?: money)(?! can| does| is it)|(?:that's|it's|is|way|a bit|just) too much|^too much|is (?:quite )?a lot\b|^(?:hm+ )?expensive|"
                             r"expensive|(?:a )?lot of money|(?:can't|cannot|couldn't|could not|don't think i can|not sure i can|able to) afford|out of (?:my|our) (?:budget|price range|league)|"
                             r"over (?:my )?budget|(?:don't|do not) have (?:that kind of|the|enough|that much|any) (?:money|cash|budget)|more than i (?:want|wanted|can|expected|thought|planned)|"
                             r"too much for me|that's a lot\b|quite a lot|money is (?:tight|short)|rip ?off|not worth (?:it|that|the)|can't (?:spend|pay) (?:that|so)|tight budget|on a budget"),
    (I.OBJECTION_TIME, 2.5, r"(?:don't|do not|never|won't|haven't|hardly|not) (?:really |ever |even |just )?(?:have|got|have got|find|any|enough) (?:the |any |enough |much |that much |that kind of |got )*time(?! for (?:this call|a call|that now)| (?:right now|now|to talk))|"
                            r"no time(?: for (?:that|it|training|the gym|exercise|working))?(?! to talk)|(?:too|so|way too) busy (?:for|to (?:train|exercise|work out|do|start)|with)|(?:i'm|we're|life is|just) (?:just )?(?:too|so|way too) busy|"
                            r"(?:schedule|calendar|week) is (?:crazy|full|packed|insane)|work (?:too many|too much|long) hours|not enough hours|no hours"),
    (I.OBJECTION_NEED, 2.4, r"(?:don't|do not|wouldn't|won't) (?:really |think i |think i'd |actually )?(?:need|require) (?:it|that|this|one|any|a coach|your|help|anything)|no need|"
                            r"(?:i|we)(?:'m| am|'re| are)? (?:already )?(?:fine|good|happy|okay|healthy|fit|in (?:good|great) shape) (?:the way|as i am|as is|already|with (?:what|how)|on my own|without)|"
                            r"already (?:in (?:good|great) shape|fit|healthy|work out|exercise|train|run|go to the gym|do (?:my|that|this))|(?:i|we) (?:work out|run|train) (?:every|on my own|at home|by myself)|"
                            r"got (?:my own|everything i need|a home gym)|have (?:my own|a home) (?:gym|routine|weights|program)|can do (?:it|that) (?:myself|on my own|by myself)"),
    (I.OBJECTION_TRUST, 2.6, r"scam|fraud|fishy|sketchy|too good to be true|(?:don't|do not) (?:really )?(?:trust|believe|buy) (?:you|this|it|that|any)|"
                             r"(?:how do i know|how can i be sure|how can i trust|prove|proof|any proof|references|reviews|testimonials|is this (?:legit|real|legitimate)|legit)|"
                             r"skeptical|sceptical|(?:yeah|sure|oh) right|heard that (?:one )?before|what's the catch|where's the catch|sounds like (?:a )?(?:scam|pitch|b ?s)|nothing is free|never heard of you"),
    (I.OBJECTION_AUTHORITY, 2.6, r"(?:ask|talk to|talk with|talk it over with|speak (?:to|with)|check with|discuss (?:it |this |that )?with|run (?:it|this|that) by|consult) (?:my|the) "
                                 r"(?:wife|husband|partner|spouse|boss|mom|mother|dad|father|parents|family|doctor|girlfriend|boyfriend|accountant|team)|"
                                 r"(?:my )?(?:wife|husband|partner|boss) (?:decides|handles|makes|takes care|has to|needs to|would have to)|not (?:just )?(?:my|up to me|only my) (?:decision|call)?|"
                                 r"(?:need|have|want|like|got|gotta|let me|would) (?:to )?(?:think|sleep) (?:about|on|it over|over)"),
    (I.OBJECTION_COMPETITOR, 2.6, r"(?:already|currently|i|we)(?:'ve| have| got| use| using|'m with| pay for| do)* (?:have |got |use |using |with |see |pay for )+(?:a |an |another |my own |my )?(?:personal )?(?:trainer|coach|nutritionist|gym membership|app|program|peloton|noom|weight watchers|fitbit)|"
                                  r"\b(?:peloton|noom|weight watchers|planet fitness|orange ?theory|beachbody|my ?fitness ?pal|future app|caliber|youtube|chat ?gpt|apple fitness|fitbit premium|la fitness|equinox)\b|"
                                  r"another (?:company|coach|program|service|app|trainer)|(?:my|the|a) (?:gym|trainer|app|other coach)(?: i have)? (?:is|costs|only|charges|does|gives|already)|(?:found|saw|got) (?:it |something |one )?(?:cheaper|better)|competitor"),
    (I.ASK_DISCOUNT, 2.9, r"discount\w*|(?:better|lower|cheaper|special) (?:price|deal|rate|offer)s?|(?:do|make) (?:it|that) (?:any )?(?:for less|cheaper)|promo\w*|coupon|deals?\b|special offers?|"
                          r"(?:come|go) down|knock (?:something|some|a bit) off|best (?:price|you can do)|free trial|(?:any|some)thing (?:off|cheaper)|what if i pay (?:for )?(?:the|a) (?:whole )?year|can you do better"),
    (I.ASK_PAYMENT, 2.8, r"(?:pay|payment)s? (?:by|with|in|via|through|method|option|plan|monthly|online|cash|using)|how (?:do|can|would|will) i pay|how (?:is|does) (?:it |the )?(?:billing|payment|billed|paid)|"
                         r"installments?|credit card|debit card|paypal|venmo|zelle|apple pay|when (?:do|would|will) i (?:have to )?pay|where (?:do|can) i pay|billing|accept (?:cards?|cash|credit|insurance)|insurance|h s a|hsa|financ\w+|split the"),
    (I.ASK_PRICE, 2.7, r"much (?:does|will|would|do) (?:it|this|that|the \w+|your \w+) cost|how much (?:is|does|do|are|would|will|for|it|this|that|you|we|money|per|a month|we)|(?:what|what's|what is|what are|what would|tell me|give me|know|about|ask|asking|hear|and) .{0,24}\b(?:prices?|cost|costs|fees?|pricing|rates?|charge)\b|"
                       r"\b(?:prices?|pricing)\b$|what (?:do|does|would|will) (?:it|this|that|you|the|i|your) .{0,30}(?:cost|charge|pay)|how expensive|(?:is|what's) (?:it|that|there) (?:per|a) (?:month|year|sign)|per month or|"
                       r"the price|your prices|^(?:and |so |but |okay |well )*how much|cheapest|monthly fee|sign ?up fee|difference in price|(?:hear|know) (?:about )?the prices"),
    (I.ASK_SCHEDULE, 2.5, r"(?:book|schedule|set up|make|arrange|reserve|get) (?:me )?(?:a |an |the |that |my |your )?(?:free )?(?:appointment|consultation|session|call with|meeting|time|slot|it|one)\b|"
                          r"(?:what|which) (?:times?|days?|slots?|hours?) (?:do|are|have|would|is)|when (?:are you|can (?:i|we)|could (?:i|we)|would (?:i|we)|is (?:the|a)|do (?:you|i|we))(?! pay| have to pay)|"
                          r"(?:do you have|got|is there) (?:any(?:thing)?|something|some|a|an)? ?(?:time|slot|opening|free|available|on)\b|availab\w+|(?:what time|when|what day) (?:was|is) (?:it|that|my|the (?:appointment|consultation|call))\b|sign me up|i'd like to (?:book|start|sign up)|next week (?:would|is|works)|let's (?:do|book|make|say|schedule)|find a time"),
    (I.ASK_PRODUCT, 2.2, r"what (?:is|are|do|does|exactly|kind|would|will|else|'s)\b.{0,30}\b(?:it|this|that|you|offer|include\w*|get|do|plans?|program|service|coaching|about|sell|app|ngx|difference|between|consultation)|what's (?:it|this|that|in it|included|the difference|ngx)|"
                         r"how (?:does|do|would|will) (?:it|this|that|the|your|you|coaching|i|we)(?! .{0,16}(?:pay|cost|charge|get my number))|how (?:often|long|fast|soon|many)\b|tell me (?:more|about|a bit|a little)|(?:do|will|would|can|could) i (?:need|get|have to|do it|cancel|change|stop|talk|still|use|also)|"
                         r"(?:do|does|can|is|are) (?:you|it|this|that|the|your|there)\b.{0,40}\b(?:include\w*|offer|app|online|contract|equipment|gym|nutrition|meal|certified|located|in person|work with|help with|free|for (?:beginners|women|men|seniors))|"
                         r"more (?:information|info|details)|explain|which plan|included|what happens|(?:does|will) it (?:really |actually )?work|(?:send|email|text|mail) (?:me|it to me)|who (?:is|are) (?:this|the|you|your|calling)|who's (?:this|calling)|what company|(?:get|got|have) my number|is (?:this|it) (?:call )?(?:recorded|online|in person|free)"),
    (I.CALLBACK, 2.7, r"call (?:me |us |you |him |her |them )?back|(?:call|try|phone|ring) (?:me |again |us |back )*(?:later|tomorrow|another|some other|next|on (?:mon|tues|wednes|thurs|fri|satur|sun)|in (?:a|an|\w+) (?:hour|minute|day|week)|tonight|this (?:evening|afternoon)|after|around|at \w+)|"
                      r"(?:bad|not a good|not a great|not the best|not the right) time|(?:can't|cannot|can not|couldn't) (?:really )?(?:talk|speak|chat)|(?:i'm|i am|we're) (?:just |actually |currently |still |about to |kind of )*(?:driving|in a meeting|at work|working right now|at the doctor|cooking|with (?:a )?(?:client|customer|patient)|busy (?:right now|at the moment|now))|"
                      r"(?:he|she|they)(?:'s|'re| is| are) (?:not|out|away|at work|asleep|in)\b|isn't (?:here|home|in|available)|not (?:here|home|in|available) (?:right now|at the moment)|take a message|another time|some other time|maybe later|later (?:today|this week)|(?:no|don't have) time (?:right now|now|to talk)|catch me (?:at a|later)"),
    (I.HOLD_ON, 2.6, r"hold on|hang on|(?:one|just a|a|1|give me a|wait a|just one|half a) (?:second|sec|moment|minute|min)\b|wait(?: up)?$|^(?:oh |no |please )?wait\b|bear with me|let me (?:just )?(?:grab|get|find|check|write|turn|see if)|be right back|stop talking|shut up (?:for )?a|slow down"),
    (I.REPEAT, 2.6, r"(?:repeat|say) (?:that|it|this)(?: again| one more| once more| please|$)|(?:come|say) again|pardon|what (?:did you (?:just )?(?:say|ask)|was (?:the|your) question)|(?:didn't|did not|couldn't|can't|cannot|don't|could not|can) (?:quite |really |barely )?(?:hear|understand|catch|get|follow) (?:you|that|it|what|a word)|"
                    r"^(?:sorry |excuse me )?(?:what|huh|sorry|excuse me|come again|who|what was that)$|one more time|what was that|you(?:'re| are) breaking up|speak (?:up|louder)|bad connection"),
    (I.GOODBYE, 2.0, r"\b(?:good ?bye|bye|bye bye|see you|so long|take care|have a (?:good|great|nice|lovely)|talk (?:to you )?(?:soon|later)|good night|gotta go|got to go|have to go|need to go|must go|that's all|that is all|that's it|that'll be all|hanging up|hang up)\b|^(?:you too|same to you|likewise)$"),
    (I.AFFIRM, 1.7, r"^(?:oh |well |um |and |but )*(?:yes|yeah|yep|yup|yea|sure|absolutely|definitely|certainly|of course|correct|exactly|please do|go ahead|sounds (?:good|great|fair|interesting|nice|perfect|reasonable)|perfect|great|why not|i do|i would|i'd (?:like|love) (?:that|to$)|that's (?:right|correct|fine|perfect|good)|fine|deal|ya|indeed|totally|alright|all right|good idea|let's do (?:it|that)|i guess so|i think so)\b|"
                    r"\b(?:that works|works for me|sounds (?:good|great|fair|interesting|nice|perfect)|i'm in|i'm interested|book it|let's do it|let's go|that would be (?:great|good|nice|fine|helpful|lovely)|i'd (?:like|love) that|what i'm looking for|i like (?:that|it)|yes please|^do it|i'll take it|that'd be)\b|(?:okay|ok) (?:sounds|let's|yes|sure|that|do)"),
    (I.DENY, 1.8, r"^(?:oh |well |um |and |but |hm+ |i said )*(?:no|nope|nah|not (?:really|now|right now|today|yet|for me|at all|at this time|at the moment)|never mind|i'll pass|pass|i don't think so|i'd rather not|negative|no way|don't)\b|"
                  r"\b(?:not interested|no interest|no thanks|no thank you|i'll pass|i don't want (?:it|that|this|to|any)|rather not|not for me|forget it|don't bother|i (?:don't|do not) think so|that's (?:wrong|not right|not correct|incorrect)|not what i)\b"),
    (I.GREET, 1.5, r"^(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|howdy|yo|hiya|greetings|yes hello|hello yes)(?: (?:there|hello|hi|good \w+|this is .+|.{0,24} speaking|who.?s (?:this|there)|anyone|anybody|is (?:anybody|anyone) there|can you hear me))?$|^.{0,40}\b(?:speaking|how (?:can|may) i help(?: you)?)$|^this is \w+(?: \w+)?$"),
    (I.BACKCHANNEL, 1.9, r"^(?:(?:mm?-?hm+|mhm+|uh-? ?huh|uhuh|hm+|ah|oh|aha|i see|right|okay|ok|got it|gotcha|go on|interesting|really|wow|nice|cool|true|understood|makes sense|thank you(?: (?:so|very) much)?|thanks(?: a lot)?|oh okay|ok ok|m+|huh) ?)+$"),
)  # fmt: skip

REFUSAL: Final = r"\b(?:no thanks|no thank you|not interested|no interest|i'll pass|don't want (?:it|this|that|any of|your|to buy|anything)|not for me|forget it|don't bother|not buying|leave it)\b"
EMERGENCY: Final = r"\b(?:chest pains?|heart attack|can't breathe|cannot breathe|(?:having|had) a stroke|call (?:an ambulance|911|nine one one)|(?:kill|hurt|harm) myself|suicid\w+|want to die|overdos\w+|bleeding badly)\b"

DELIVERY: Final[tuple[tuple[D, str], ...]] = (
    (D.FASTER, r"(?:talk|speak|say (?:it|that)) (?:a (?:bit|little) |much )?(?:faster|quicker|more quickly)|(?:can|could|would|will) you (?:please |just )?(?:go (?:a (?:bit|little) |much )?(?:faster|quicker)|speed (?:it )?up)|"
               r"^(?:please |no |okay |a (?:bit|little) |much )*(?:faster|quicker|speed (?:it )?up)(?: please)?$|you(?:'re| are) (?:talking |speaking |going )?(?:way |a (?:bit|little) )?too slow(?:ly)?\b|you (?:talk|speak) (?:too|so) slow(?:ly)?\b|"
               r"(?:talk|speak) (?:at (?:a )?)?normal(?:ly| speed| pace)?\b|(?:talk|speak|go) less slow(?:ly)?"),
    (D.SLOWER, r"(?:talk|speak|say (?:it|that|this|that again|it again)|repeat (?:it|that)|(?:can|could|would) you (?:please |just )?go) (?:a (?:bit|little) |much |more )*(?:slow(?:er|ly)?)\b|"
               r"(?:can|could|would|will) you (?:please |just )?slow (?:it )?down|please slow (?:it )?down|slow (?:it )?down (?:a (?:bit|little)|please)|^(?:whoa |wow |hey |wait |sorry |okay |oh |no )*slow (?:it )?down$|"
               r"^(?:please |no |sorry |can you |could you |a (?:bit|little) |much |more |and )*(?:slower|slowly)(?: please)?$|not so fast\b|"
               r"you(?:'re| are) (?:talking |speaking |going )?(?:way |a (?:bit|little) |just )*too (?:fast|quick(?:ly)?)\b|you (?:talk|speak) (?:way |just )?(?:too|so|very|really) (?:fast|quick(?:ly)?)\b|"
               r"^(?:sorry |that was |that's |that is |it's |way |a (?:bit|little) )*too (?:fast|quick)(?: for me)?$"),
    (D.QUIETER, r"you(?:'re| are) (?:talking |speaking )?(?:way |a (?:bit|little) |just |so )*(?:too |so |very |really )loud|^(?:sorry |that's |it's |that is |way |a (?:bit|little) )*too loud(?: for me)?$|not so loud|(?:talk|speak) (?:a (?:bit|little) |more )*(?:quieter|quietly|softer|softly)|"
                r"^(?:please |a (?:bit|little) |much )*(?:quieter|softer)(?: please)?$|(?:lower|turn down) (?:your|the) (?:voice|volume)|turn (?:the volume|your volume|your voice|it|yourself) down|(?:don't|do not|stop) (?:shout|yell|scream)(?:ing)?(?: at me)?"),
    (D.LOUDER, r"(?:speak|talk) up\b|(?:speak|talk|say (?:it|that|this)) (?:a (?:bit|little) |much )?louder|^(?:please |no |sorry |can you |could you |a (?:bit|little) |much )*louder(?: please)?$|(?:turn|crank) (?:the volume|your volume|yourself|it) up|volume up|raise your (?:voice|volume)|turn up (?:the|your) volume|"
               r"(?:can't|cannot|can not|can (?:barely|hardly|scarcely)|(?:barely|hardly)) (?:really |quite |even )?hear (?:you|a (?:word|thing)|anything|what you)|^(?:sorry |hello |hey )*(?:i )?(?:can't|cannot|can't really) hear$|"
               r"you(?:'re| are) (?:way |a (?:bit|little) |just )*(?:too |very |so |really )(?:quiet|faint|soft|low|far away)|(?:you )?sound (?:very |so |really |too )*(?:faint|quiet|far away)|^(?:it's |that's )?too quiet$|volume is (?:too |very |so |really )*low"),
)  # fmt: skip
"""How the caller wants to be spoken to; the first that fits counts. Narrow: "I want to run faster" is no such wish."""
