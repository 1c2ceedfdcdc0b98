"""What the public pages say for the identifiers of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GOOD, CAUTION, BAD = "good", "caution", "bad"


@dataclass(frozen=True)
class Verdict:
    """How a verdict on a code is shown.

    Args:
        tone: `good`, `caution` or `bad`.
        mark: a sign, for those who do not see colours.
        title: the verdict in a few words.
        text: what it means.
    """

    tone: str
    mark: str
    title: str
    text: str


VERDICTS = {
    "VERDICT_AUTHENTIC": Verdict(
        GOOD, "✓", "真实有效的执法码", "此码由本平台签发，现在处于有效期内。请继续核对来人与下列信息是否一致。"
    ),
    "VERDICT_USED": Verdict(CAUTION, "!", "已核验过的执法码", "此码真实，但对应的检查已完成两码互核，不能再次使用。"),
    "VERDICT_EXPIRED": Verdict(CAUTION, "!", "已过期的执法码", "此码真实，但已超过有效期，不能再据此入企检查。"),
    "VERDICT_NOT_YET_VALID": Verdict(
        CAUTION, "!", "尚未生效的执法码", "此码真实，但还没有到开始时间，现在不能据此入企检查。"
    ),
    "VERDICT_REVOKED": Verdict(BAD, "✕", "已撤销的执法码", "此码真实，但已被撤销，不能再据此入企检查。"),
    "VERDICT_FOREIGN": Verdict(BAD, "✕", "不是本平台的执法码", "此码不是检查用的执法码，不能据此入企检查。"),
    "VERDICT_MALFORMED": Verdict(
        BAD, "✕", "无法识别的码", "此码内容不完整或被改动。请重新扫描；仍无法识别的，不是执法码。"
    ),
    "VERDICT_UNKNOWN_KEY": Verdict(BAD, "✕", "来源不明的码", "此码的签名密钥不属于本平台，不能据此入企检查。"),
    "VERDICT_FORGED": Verdict(BAD, "✕", "伪造的执法码", "此码的签名不正确，内容系伪造或被篡改。请保留现场情况并举报。"),
    "VERDICT_STALE": Verdict(
        CAUTION,
        "!",
        "不是当场亮出的执法码",
        "此码真实，但所扫的是早先的画面（截图或照片），请执法人员当场重新亮码。",
    ),
    "VERDICT_UNKNOWN_CODE": Verdict(
        BAD, "✕", "未登记的执法码", "此码签名正确，但平台没有签发记录。请保留现场情况并举报。"
    ),
}

RECEIPT_VERDICTS = {
    "VERDICT_AUTHENTIC": Verdict(
        GOOD, "✓", "真实的两码互核凭证", "此凭证由本平台签发：下列时间，企业与检查人员互相核验了对方的码。"
    ),
    "VERDICT_FOREIGN": Verdict(BAD, "✕", "不是本平台的凭证", "此码不是本平台签发的两码互核凭证。"),
    "VERDICT_MALFORMED": Verdict(BAD, "✕", "无法识别的凭证", "内容不完整或被改动，请重新扫描。"),
    "VERDICT_UNKNOWN_KEY": Verdict(BAD, "✕", "来源不明的凭证", "此凭证的签名密钥不属于本平台。"),
    "VERDICT_FORGED": Verdict(BAD, "✕", "伪造的凭证", "此凭证的签名不正确，内容系伪造或被篡改。"),
    "VERDICT_UNKNOWN_CODE": Verdict(BAD, "✕", "未登记的凭证", "签名正确，但平台没有此次入企的记录，请向监督机构反映。"),
}

# what an enterprise can do next, by tone (TJ 8: 无码不检查)
STEPS = {
    GOOD: (
        "请执法人员出示行政执法证，核对姓名、证号与上面的信息是否一致，人数不少于两人。",
        "登录企业账号扫描此码，并请执法人员扫描企业码，完成两码互核。",
        "只需配合上面所列检查事项；超出事项范围的检查可以询问依据。",
        "检查结束后查看结果并签字确认，可对本次检查作出评价；有异议可以投诉举报。",
    ),
    CAUTION: (
        "请向执法人员说明此码现在不能使用，并请其出示有效的执法码。",
        "没有有效执法码的现场检查，可以拒绝（无码不检查）；确有紧急情形的，执法人员应当说明原因并记录。",
        "对违规检查，可以登录企业账号投诉举报。",
    ),
    BAD: (
        "没有有效执法码的现场检查，可以拒绝（无码不检查）。",
        "请记下来人的单位、姓名和证号，保留照片等现场情况。",
        "登录企业账号投诉举报，或向当地执法监督机构反映。",
    ),
}

DISCLOSURE_KINDS = {"PLAN": "年度计划", "TASK": "检查任务", "DRAW": "抽取", "RESULT": "检查结果"}

# what is public about a disclosure, in the order in which it is shown
FACTS = {
    "finding_text": "检查结果",
    "finding": "检查结果",
    "disposal": "后续处置",
    "summary": "情况说明",
    "method": "检查方式",
    "methods": "检查方式",
    "matters": "检查事项",
    "task_kind": "任务类别",
    "kind": "任务类别",
    "type": "类型",
    "year": "年度",
    "starts_on": "开始日期",
    "ends_on": "结束日期",
    "authorities": "检查主体",
    "joint_domains": "联合领域",
    "content_level": "内容分级",
    "credit_rule": "信用分级规则",
    "requirements": "工作要求",
    "round": "轮次",
    "frame_count": "抽取范围数量",
    "wanted_count": "应抽数量",
    "drawn_count": "抽取数量",
    "commitment": "承诺值",
    "transcript_sha256": "抽取记录校验值",
}

_TERMS = {
    "ON_SITE": "实地检查",
    "DOCUMENTARY": "书面检查",
    "AGENCY_FINDING": "行政部门检查结果或专业意见",
    "TESTING": "检验检测",
    "ONLINE_MONITORING": "网络监测",
    "ENTRUSTED": "委托专业机构",
    "DAILY": "日常检查",
    "SPECIAL": "专项检查",
    "RANDOM": "双随机抽查",
    "INSTANT": "即时检查",
    "OWN_AGENCY": "本机构",
    "CROSS_AGENCY": "跨机构",
    "GENERAL": "一般",
    "KEY": "重点",
    "NO_PROBLEM": "未发现问题",
    "PROBLEM_CORRECTED": "发现问题经责令已改正",
    "PROBLEM_PENDING": "发现问题待后续处理",
    "NO_SUCH_ACTIVITY": "未发现开展本次抽查涉及的经营活动",
    "UNREACHABLE": "通过登记的住所无法联系",
    "CLOSED": "已关闭停业或正在清算",
    "NOT_COOPERATING": "不配合检查情节严重",
    "GONE": "注销/吊销/撤销/迁出",
    "NONE": "无需处置",
    "ORDER_CORRECTION": "责令改正",
    "TRANSFER": "线索移送",
    "NOTIFY": "抄告",
    "OPEN_CASE": "立案",
    "OTHER": "其他",
}


def facts_for_people(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Label and text of each fact, with terms for identifiers; a link is shown elsewhere, and a finding by its text."""
    hidden = {"path"} | ({"finding"} if facts.get("finding_text") else set())
    known = [name for name in FACTS if name in facts]
    names = [name for name in [*known, *sorted(facts.keys() - FACTS.keys())] if name not in hidden and facts[name]]
    return [(FACTS.get(name, name), "、".join(_TERMS.get(w, w) for w in facts[name].split("、"))) for name in names]
