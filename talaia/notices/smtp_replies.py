"""What a mail server means by a refusal, pure: that somebody is not there, that we are not wanted, or something else.

Who is not there gets no more mails one day; so every doubt is a no: what does not clearly speak of the address alone
counts for nobody. Codes: RFC 3463, 5248, 7293, 7372, 7505; words: as the servers that are met with write them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum


class Meaning(StrEnum):
    TAKEN = "taken"
    GONE = "gone"  # the address is not there: it counts, where the server is believed
    LATER = "later"  # a full mailbox, a greylisting, a server that is away: another time
    OURS = "ours"  # it speaks of us: our sender, our server, our mail
    UNCLEAR = "unclear"  # for good, and nobody knows of whom it speaks


LONGEST = 2_000  # letters of an answer that are read
# What stands in a text and says nothing of its meaning: mx.nospam.example is no word about spam.
ADDRESSES = re.compile(r"<[^<>\s]*>|\S+@\S+|https?://\S+")
HOSTS = re.compile(r"\b[\w-]+(?:\.[\w-]+)+\b|\[[\da-f:.]+\]")
CODES = re.compile(r"(?<![\w.])([245]\.[0-7]\.\d{1,3})(?![\w]|\.\d)")
REPLY = re.compile(r"(?:^|[\s;:'\"(])([245]\d\d)(?=[\s-]|$)")

OUR_CODES = re.compile(r"5\.(7\.(?!1[78]$)\d+|1\.[78]|6\.\d+|3\.4|5\.[1-4])$")
GONE_CODES = re.compile(r"5\.(1\.([0-6]|10)|2\.1|4\.(4|310)|7\.1[78])$")
FULL_CODES = re.compile(r"5\.2\.(2|12[12])$")

SOMEBODY = r"(user|recipient|mailbox|account|address|person|customer|destinat\w+)"
IS_NOT = (
    r"(unknown|not ?found|not exist\w*|(does ?n[o']t|does not|do not) exist|not known|not valid|invalide?|not local"
    r"|inexist\w+|desconocid\w|desconegu\w+|no existe\w*|unbekannt)"
)
SENDER = r"(remitt?ent\w*|exp[eé]diteur|absender\w*|mittente|remetente|afzender)"
OUR_SENDER = re.compile(
    r"sender ?(address|unknown|does|verif|callout|reject|denied|block|refus|domain|is |not |policy|id\b|host|ip\b"
    r"|prohibit)"
    r"|(bad|invalid|unknown|unauthenticated|unauthori[sz]ed|forged|from the) sender|senders?'s? |envelope[- ]from"
    r"|(verif\w*|validate|cannot route to)( \S+){0,4} (sender|return)\b|domain of (the )?sender"
    rf"|{SENDER}:? ({IS_NOT}|sconosciut\w|inconnu|no |non |n'|nicht |rechaza|rebutja|rejet|rifiuta|abgelehnt)"
    rf"|dom\w+ (del? |de l'|des ){SENDER}|unbekannter absender"
    r"|return[- ](path|address)|mail from\b.*(not|denied|reject|fail)|from (address|domain)"
    r"|sending (domain|server|ip|host|mta)"
    r"|client host|\b(helo|ehlo)\b|sending (quota|limit|rate)|(daily|hourly) .*(quota|limit)"
    r"|your (account|domain|mailbox|ip|host|server|network|isp\b|provider|organi[sz]ation|quota|country|region"
    r"|mail ?server)"
    r"|(votre|vostr[ae]|vuestr[ao]|la seva|seu|su|ihre?|vostro) (adresse |direcci[oó]n? |adreça )?(ip\b|serv)"
    r"|\((rtr|dns|rly|con|hvu|dyn|cni):\w+\)"  # AOL: of the host that connects
)
OUR_WORDS = re.compile(
    r"\brelay|rcpthosts|\bpolic(y|ies)\b|\bspf\b|\bdkim\b|\bdmarc\b|\barc\b|\bspam|\bjunk|\bvirus|\bmalware|suspicious"
    r"|\brate[- ]?limit|\brate\b|too many|throttl|too (fast|quickly|much)|limit exceeded|exceeded? .*(limit|number of)"
    r"|\bbulk\b|unsolicited|mass mail|\bdynamic|\bresidential|dial-?up|unknown client"
    r"|connecting (host|ip|server|mta|client)"
    r"|(llist|list)[ea]s? (de blo\w+|negr[ae]|noires?|nera|blan\w+|bianca)|(schwarze|wei(ß|ss)e) liste|sperrliste"
    r"|phish|spoof"
    r"|\bblock|(black|deny|white|allow|safe)[- ]?list|\bbanned|\brbl\b|dnsbl|\blisted\b|reputation|spamhaus|barracuda"
    r"|authenticat|auth?ori[sz]|autoritza|not (permitted|allowed|accepted)|permission|prohibit|access denied|denied by"
    r"|reverse[- ]dns|\brdns\b|\bptr\b|\btls\b|starttls|encrypt|content|scored|message (was )?(rejected|refused)"
    r"|too (large|big)|message size|refused by|not welcome"
)
# What may be about us: enough to count for nobody, and not to say that we are to blame.
DOUBT = re.compile(
    rf"\bsenders?\b|\b{SENDER}|\breverse\b|\babus|requires? (a )?(valid|proper)"
    r"|(?<!recipient )\bcall-?(out|back)\b|\b(members?|subscribers?) only\b|\bonly (accepts?|members|subscribers)\b"
    r"|\be?-?mails? (from .{0,40})?(is |was |are |were )?(refus|reject)"
    r"|(mensaje|correo|missatge|correu|message|courriel|nachricht|messaggio)"
    r" ((ha|fue|va|ser|sido|estat|wurde|est|a|été|è|stato) ){0,3}(rechaza|rebutja|rejet|refus|abgelehnt|rifiutat)"
)
GONE_WORDS = re.compile(
    rf"({SOMEBODY}|domain|host)( name)?( \S+){{0,3}}? ?{IS_NOT}"
    rf"|{SOMEBODY}( \S+){{0,3}}? ?(disabled|inactive|deactivated|discontinued|suspended|deleted)"
    rf"|{SOMEBODY}( is| was| has)? (unavailable|closed|no longer)"
    r"|(no|no such|unknown|invalid|non-?existent|bad|undefined|unrouteable|unroutable|unbekannter) "
    rf"(local |mail |such |destination |virtual |email )?({SOMEBODY}|domain|host|empf\w+)"
    r"|mailbox (here )?by that name|does ?n[o']t have (an?|a \S+) account|not our customer|unrouteable|unroutable"
    r"|\w*recip\w*notfound|null ?mx|indicated no smtp service|nxdomain|couldn't find any host|non-existent hosts"
    r"|does not accept mail|tried to reach (does not exist|is disabled)"
)
FULL_WORDS = re.compile(
    r"quota|(mailbox|mail ?box|inbox|account|user|storage|disk|buz[oó]n|b[uú]stia)( \S+){0,3} (is )?"
    r"(full|exceeded|lleno|plena|voll|pleine)|mailbox lleno|insufficient (system |disk )?(storage|space)"
    r"|out of (disk )?(storage|space)|exceeded storage|not enough (storage|space)|mailbox size"
)
LATER_WORDS = re.compile(
    r"try (again|it)? ?later|again later|temporar|tempor[aà]lment|time[- ]?out|timed out|retry time|expired|too long"
    r"|gr[ea]ylist|over rate|receiving mail|connection (refused|reset|closed)|server (is )?busy|unable to connect"
    r"|could not connect|no route to host|servfail|service (is |currently )?(not |un)available|\bldap\b"
    r"|no such (\w+ )?database|database (is |was )?(error|fail|unavailable|down|not available)"
    r"|llista grisa|list[ea] gris[ea]?\b|graue liste"
)
# A table of Postfix, and what Exchange's edge says of who is not in the directory.
NOT_OURS = re.compile(r"(in|by) (local |relay |virtual \w+ )(recipient|mailbox|alias) table|unknown in .* table")
EDGE = re.compile(r"recipient address rejected: access denied")


def meaning(code: int, words: str, *, at_data: bool = False, ours: Collection[str] = ()) -> Meaning:
    """What an answer at RCPT means, or one to the mail itself (`at_data`), where only content is left to refuse.

    `ours`: the domains that speak of us in it (`of_us`).
    """
    if 200 <= code < 300:
        return Meaning.TAKEN
    if 400 <= code < 500:
        return Meaning.LATER
    found = of_words(CODES.findall(words[:LONGEST]), words, ours)
    if found is Meaning.UNCLEAR and code == 552:
        return Meaning.OURS if at_data else Meaning.LATER  # RFC 5321: exceeded storage
    if found is Meaning.UNCLEAR and (at_data or code in (530, 535, 538, 555)):
        return Meaning.OURS
    return found


def of_report(status: str, words: str, ours: Collection[str] = ()) -> Meaning:
    """What a delivery report means that says "failed". `status`: its own; `words`: all that it tells of the answer.

    Of a blanket status (5.0.0) the true one is read in the words; one without any says nothing.
    """
    words = words[:LONGEST]
    codes = [*CODES.findall(status[:60]), *CODES.findall(words)]
    reply = REPLY.search(words)
    if (reply and reply[1].startswith("4")) or any(one.startswith("4") for one in codes):
        return Meaning.LATER
    if not codes and not words:
        return Meaning.UNCLEAR
    found = of_words([one for one in codes if not blanket(one)], words, ours)
    if found is Meaning.UNCLEAR and reply and reply[1] == "552":
        return Meaning.LATER
    return found


def of_us(own: Iterable[str], theirs: str) -> frozenset[str]:
    """Of the addresses `own` the domains that stand in an answer only where it speaks of us: not that of `theirs`."""
    domains = {address.strip(" >").rpartition("@")[2].lower() for address in own}
    return frozenset(domains - {"", theirs.strip().rpartition("@")[2].lower()})


def of_words(codes: Sequence[str], words: str, own: Collection[str] = ()) -> Meaning:
    """Of an answer that is for good. What contradicts that somebody is not there has the last word."""
    text = ADDRESSES.sub(" ", " ".join(words[:LONGEST].split()).lower().replace("’", "'"))
    bare = NOT_OURS.sub(" ", HOSTS.sub(" ", text))
    edge = any(one == "5.4.1" for one in codes) and bool(EDGE.search(text))
    doubt = bool(DOUBT.search(bare)) or any(_names(domain, words[:LONGEST].lower()) for domain in own)
    ours = bool(OUR_WORDS.search(bare)) and not edge
    gone = any(GONE_CODES.match(one) for one in codes) or bool(GONE_WORDS.search(text)) or edge
    if "receiving mail" in text:  # too much at once, and not from us alone
        return Meaning.LATER
    if any(OUR_CODES.match(one) for one in codes) and not (gone and not _about_us(codes)):
        return Meaning.OURS
    if OUR_SENDER.search(bare):
        return Meaning.OURS
    if any(FULL_CODES.match(one) for one in codes) or FULL_WORDS.search(bare):
        return Meaning.LATER
    if ours:
        return Meaning.UNCLEAR if gone else Meaning.OURS
    if LATER_WORDS.search(bare):
        return Meaning.LATER
    return Meaning.GONE if gone and not doubt else Meaning.UNCLEAR


def _names(domain: str, text: str) -> bool:
    """Whether a text names this very domain, and none below it or beside it."""
    return bool(re.search(rf"(?<![\w.-]){re.escape(domain)}(?![\w-]|\.\w)", text))


def blanket(code: str) -> bool:
    """5.0.0: the server has no better one, or has not looked."""
    return code.split(".")[1] == "0"


def _about_us(codes: Sequence[str]) -> bool:
    """Whatever the words: a security or policy status, or one of the sender's address."""
    return any(re.match(r"5\.(7\.(?!1[78]$)|1\.[78]$)", one) for one in codes)
