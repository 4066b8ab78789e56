"""What products call the fields that matter, folded (`hostName` is `hostname`), the best names first."""

from collections.abc import Mapping
from typing import Final


def _rank_all(names: str) -> Mapping[str, int]:
    return {name: position for position, name in enumerate(names.split())}


def _gather(names: str) -> frozenset[str]:
    return frozenset(names.split())


TITLES: Final = _rank_all(
    "title alerttitle alertname headline detectionheadline rulename rule.name alert.name alert.signature signature"
    " alarm.name detectionname policyname searchname riskeventname eventname event.name threatname subject summary"
    " alertsummary displayname displaymessage shortdescription alarmtext primarydescription rule.description message"
    " msg output intro description alertdescription reason name rule event eventtype action operation detection type"
    " category note kind"
)
"""Of what happened, in words."""

TIMES: Final = _rank_all(
    "eventtime eventdatetime timestamp time detectiontime detectiontimestamp detectedat detecteddatetime occurredat"
    " alerttime alertcreationtime alerttriggertimestamp eventtimestamp publishedat published createdat createddatetime"
    " createdtime createdtimeutc creationtime createtime created datecreate startsat starttime startdate startedat"
    " firstseen firstobservedat firsteventtimestamp timegenerated datestart datestartzoned receivedtime receivedat ts"
    " utctime systemtime date longdatetime lastseen updatedat"
)
"""Of when it happened."""

SEVERITIES: Final = _rank_all(
    "severity severitylabel severity.label severityname alertseverity severitylevel detectionseverity policyseverity"
    " risklevel alarmrisklevel threatlevel threatseverity priority.name level loglevel priority urgency criticality"
    " impact confidencelevel rating status"
)
"""Of how bad it is, as a word."""

SCORES: Final = _rank_all(
    "severity severityscore riskscore score threatscore cvss cvssscore priorityscore normalized risk"
)
"""Of how bad it is, as a number that is larger for worse."""

URLS: Final = _rank_all(
    "alerturl alertweburl incidentweburl detectionurl alertlink workbenchlink consolelink permalink weburl htmlurl"
    " resultslink incidenturl eventurl falconhostlink portalurl dashboardurl url link externalurl generatorurl ruleurl"
)
"""Of where a browser shows it."""

FINGERPRINTS: Final = _rank_all("fingerprint dedupkey dedupekey deduplicationkey aggregationkey incidentkey groupkey")
"""Of what is equal for reports of the same thing."""

USERS: Final = _gather(
    "user username users usernames account accountname accounts actor principal principalname userprincipalname upn"
    " login loginname samaccountname srcuser dstuser sourceuser sourceusername targetuser targetusername"
    " destinationuser destinationusername suser duser usrname subjectusername logonuser loggedonuser lastuser"
    " user.name user.id user.displayname actor.displayname actor.name actor.alternateid actor.id actor.username"
    " useridentity.username employee owner.username childprocusername processusername deviceusername"
    " useraccountname compromiseduser employeename"
)
"""Of whom it is about."""

HOSTS: Final = _gather(
    "host hosts hostname hostnames computer computername computerdnsname device devicename devicehostname machine"
    " machinename fqdn dnshostname workstation workstationname server servername endpoint endpointname asset assetname"
    " agentname agent.name node nodename sysname instance instanceid srchost dsthost sourcehost sourcehostname"
    " destinationhost destinationhostname shost dhost hostfullname hosthostname netbiosname host.name device.name"
    " endpoint.name agentcomputername canaryname system"
)
"""Of which machine it is about."""

NO_ENTITIES: Final = _gather(
    "avatar avatarurl avatarurls icon iconurl imageurl imagelink schema schemaversion useragent rawuseragent"
    " documentation documentationurl reference references remediation recommendation recommendationurl helpurl"
    " self odatacontext xmlns repository sender organization silenceurl generatorurl"
    " externalurl externalreferences"
)
"""Of fields around or about it whose addresses are nobody's trace: pictures, manuals, the product's own interface."""

_TIME_ENDINGS: Final = ("timestamp", "datetime", "time", "date", "at", "seen", "on")


def rank_time(name: str) -> int | None:
    """Return how likely an unlisted name is one of a moment, least first; None where it is not."""
    return next((100 + place for place, ending in enumerate(_TIME_ENDINGS) if name.endswith(ending)), None)
