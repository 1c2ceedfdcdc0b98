// The page that verifies a draw: reads the chosen files here, and says what it found. Nothing leaves the computer.
"use strict";

import { NotSecure, parse, verify, verifyProof } from "./verify-draw.js";

const FAULTS = {
  MALFORMED: "文件不是符合 LM-DRAW-1 的抽取记录或证明",
  FRAME_HASH: "抽取范围文件与承诺不符：承诺之后被改动",
  FRAME_MERKLE: "抽取范围的默克尔根与承诺不符",
  FRAME_UNREADABLE: "抽取范围文件格式不合规范",
  FRAME_COUNT: "抽取范围的对象总数与承诺不符",
  STRATUM_COUNT: "某分类的对象数与承诺不符",
  STRATUM_NOT_COMMITTED: "抽取范围中有承诺里没有的分类",
  EXCLUDED_HASH: "排除名单与承诺不符",
  EXCLUDED_UNREADABLE: "排除名单格式不合规范",
  EXCLUDED_IN_FRAME: "有对象既被排除又在抽取范围内",
  STRATA_ORDER: "承诺中的分类重复或未按顺序排列",
  QUOTA_RULE: "抽取数量与公布的比例或总数不符",
  REDRAW: "重新抽取未写明原因，或首轮写了重抽原因",
  PREVIOUS_ROUND: "与所给的上一轮抽取记录不衔接",
  ABANDONED: "与所给的作废记录不符：原因、范围或随机数不是作废后应有的",
  COMMITMENT: "承诺内容在承诺之后被改动",
  WINDOW_ORDER: "集中抽取窗口的承诺重复或未按顺序排列",
  NOT_IN_WINDOW: "本次抽取未列入集中抽取窗口",
  REPLACES: "窗口重新开放时未如实写明谁逾期未揭示",
  CONTRIBUTIONS: "没有任何一方提供随机数，或窗口内的抽取自带随机数",
  ANNOUNCED: "与事先公布的承诺值不一致",
  SECRETS_MISSING: "承诺的随机数与揭示的个数不一致",
  SECRET: "揭示的随机数与承诺的哈希不符",
  SEED: "种子不是由承诺和各随机数计算而来",
  RESULT_STRATA: "结果中的分类与承诺不一致",
  NUMBERS: "应抽、已抽、不足或未列出的数量有误",
  WINNER: "中签名单与按种子重算的结果不符",
  SUBSTITUTE: "替补名单与按种子重算的结果不符",
  TICKET: "票号与按种子重算的结果不符",
  OTHER_DRAW: "证明与抽取记录不属于同一次抽取",
  NO_PROOF: "该次抽取的承诺中没有默克尔根，请用完整的抽取范围验证",
  PROOF: "证明推算出的默克尔根与承诺不符：该对象不在所承诺的抽取范围内，或证明被改动",
};
const STANDINGS = { DRAWN: "中签", SUBSTITUTE: "替补", NOT_DRAWN: "未中签" };

const form = document.getElementById("verify");
const outcome = document.getElementById("outcome");
const busy = document.getElementById("busy");

const element = (name, content, kind = "") => {
  const made = document.createElement(name);
  made.textContent = content;
  if (kind) made.className = kind;
  return made;
};

function show(tone, mark, title, ...more) {
  const section = element("section", "", `verdict ${tone}`);
  const sign = element("p", mark, "mark");
  sign.setAttribute("aria-hidden", "true");
  section.append(sign, element("h2", title), ...more);
  outcome.replaceChildren(section);
}

function told(faults) {
  const list = element("ul", "", "faults");
  const seen = new Map();
  for (const { code, where } of faults) {
    if (!seen.has(code)) seen.set(code, []);
    if (where) seen.get(code).push(where);
  }
  for (const [code, places] of seen) {
    const item = element("li", `${FAULTS[code] ?? code}${places.length ? `（${places.slice(0, 3).join("；")}）` : ""}`);
    item.append(" ", element("code", code));
    list.append(item);
  }
  return list;
}

async function bytesOf(name) {
  const [file] = form.elements[name].files;
  return file ? new Uint8Array(await file.arrayBuffer()) : undefined;
}

function showProof({ faults, standing, ticket, cutOff, count, quota }, proof) {
  if (faults.length) return show("bad", "✗", "证明不成立", told(faults));
  const facts = element("dl", "");
  for (const [name, value] of [
    ["检查对象", proof.id],
    ["分类", proof.stratum],
    ["抽取概率", `${Math.min(quota, count)} / ${count}`],
    ["票号", ticket],
    ["中签线（最大中签票号）", cutOff || "—"],
  ]) {
    const row = element("div", "");
    row.append(element("dt", name), element("dd", value, "breaks mono"));
    facts.append(row);
  }
  show("good", "✓", `证明成立：${STANDINGS[standing]}`, element("p", "该对象在所承诺的抽取范围内，处理结果与其票号一致。"), facts);
}

async function check() {
  const announced = form.elements.announced.value.trim().toLowerCase();
  const transcriptBytes = await bytesOf("transcript");
  const [frameCsv, excludedCsv, proofBytes] = await Promise.all(["frame", "excluded", "proof"].map(bytesOf));
  if (!transcriptBytes || !(frameCsv || proofBytes)) {
    return show("caution", "…", "请选择文件", element("p", "需要抽取记录，以及抽取范围或某一对象的证明。"));
  }
  const transcript = parse(transcriptBytes);
  if (proofBytes) {
    const proof = parse(proofBytes);
    showProof(await verifyProof(transcript, proof, { announced }), proof);
    if (!frameCsv) return;
  }
  const progress = (done, of) => {
    busy.textContent = `正在重算：${done} / ${of}`;
  };
  const faults = await verify(transcript, frameCsv, { excludedCsv, announced, progress });
  if (faults.length) return show("bad", "✗", `发现 ${new Set(faults.map(({ code }) => code)).size} 类问题`, told(faults));
  const text = `重算了 ${transcript.commitment.frame_count} 个对象，${transcript.drawn} 个中签对象逐一相符。`;
  const more = announced ? "承诺值与事先公布的一致。" : "请再核对承诺值与事先公布的是否一致：";
  const value = element("p", (transcript.window ?? transcript).commitment_sha256, "breaks mono");
  show("good", "✓", "抽取结果可信", element("p", text), element("p", more), value);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  outcome.replaceChildren();
  busy.textContent = "正在读取……";
  try {
    await check();
  } catch (wrong) {
    const why = wrong instanceof NotSecure ? "浏览器只在 https 页面上提供所需的密码运算。" : String(wrong);
    show("caution", "!", "未能验证", element("p", why));
  }
  busy.textContent = "";
});
