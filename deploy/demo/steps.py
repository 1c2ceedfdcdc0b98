"""The steps of the demo in order; each does, reads back, and says what it saw."""

from __future__ import annotations

from collections.abc import Callable

from deploy.demo import aftermath, codes, directories, drawing, planning, visits
from deploy.demo.life import Life

Step = Callable[[Life], str]

STEPS: tuple[tuple[str, Step], ...] = (
    ("导入两库一单", directories.import_directories),
    ("认领事项、设定频次上限", directories.claim_matters),
    ("归集信用评价", directories.rate_objects),
    ("接入共享渠道", directories.open_channels),
    ("制定、审核、下发年度计划", planning.plan),
    ("接收计划", planning.receive_plan),
    ("邀约、成立任务、批准方案", drawing.form_tasks),
    ("冻结抽取框、公布承诺", drawing.commit_draws),
    ("揭示、抽取、比对", drawing.reveal_draws),
    ("抽取检查人员、联合任务", drawing.staff),
    ("下发赋码", codes.dispatch),
    ("重复提示与超限拦截", codes.run_into_the_cap),
    ("检查码与通知书", visits.choose_visits),
    ("两码互核", visits.scan_both_codes),
    ("拒绝扫码", visits.refuse_to_scan),
    ("录入、签名、审核、公示", visits.record_results),
    ("联合检查", visits.inspect_jointly),
    ("结果回流信用", aftermath.feed_back),
    ("评价与预警", aftermath.judge_and_warn),
    ("申请信用修复", aftermath.apply_for_repair),
    ("准予修复、停止公示", aftermath.grant_repair),
    ("效能评估", aftermath.account_for_it),
)
