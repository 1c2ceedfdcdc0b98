// LM-DRAW-1 in a browser: from the published files alone, with the browser's own cryptography (docs/verification.md).
//
// Nothing here reads from or writes to the network. AES of single blocks, which browsers do not offer as such, is the
// key stream that AES-CTR begins with: counter = the block, data = sixteen zeros.

const SPEC = "LM-DRAW-1";
const LEAF = 256;
const AT_ONCE = 2000; // objects hashed and encrypted between two looks at the screen

export class NotSecure extends Error {}

// ── bytes, text, JSON ────────────────────────────────────────────────────────────────────────────────────────────────

const encoder = new TextEncoder();
const utf8 = (text) => encoder.encode(text);
const subtle = () => {
  if (!globalThis.crypto?.subtle) throw new NotSecure("this page was not loaded over https");
  return globalThis.crypto.subtle;
};
const sha256 = async (bytes) => new Uint8Array(await subtle().digest("SHA-256", bytes));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hash = async (bytes) => toHex(await sha256(bytes));
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

function join(...parts) {
  const joined = new Uint8Array(sum(parts.map((part) => part.length)));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
}

/** Code point by code point, which is the order of the UTF-8 bytes; UTF-16 units, which `<` compares, have another. */
function byBytes(a, b) {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one === other) continue;
    const [high, higher] = [one >= 0xd800 && one < 0xe000, other >= 0xd800 && other < 0xe000];
    return high === higher ? one - other : high ? 1 : -1;
  }
  return a.length - b.length;
}

const ascending = (texts) => texts.every((text, at) => at === 0 || byBytes(texts[at - 1], text) < 0);

/** JSON as RFC 8785 writes it; numbers here are whole and member names are ASCII. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(",")}}`;
}

const committed = (document) => hash(utf8(canonical(document)));

/** Whether an object of this JSON text, which is valid, has a member twice. */
function hasTwins(text) {
  const open = [];
  let last = null;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token !== ":") last = token;
    else {
      const name = JSON.parse(last);
      if (open.at(-1).has(name)) return true;
      open.at(-1).add(name);
    }
  }
  return false;
}

/** A JSON document from a file; undefined where it is none. */
export function parse(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text);
    return hasTwins(text) ? undefined : value;
  } catch {
    return undefined;
  }
}

// ── shape ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const text = (v) => typeof v === "string" && v !== "" && !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(v);
const number = (v) => Number.isSafeInteger(v) && v >= 0 && !Object.is(v, -0);
const like = (pattern) => (v) => typeof v === "string" && pattern.test(v);
const exactly = (value) => (v) => v === value;
const list = (of) => (v) => Array.isArray(v) && v.every((item) => of(item));
const object = (members) => (v) =>
  v !== null &&
  typeof v === "object" &&
  !Array.isArray(v) &&
  Object.keys(v).every((name) => Object.hasOwn(members, name) || Object.hasOwn(members, `${name}?`)) &&
  Object.entries(members).every(([name, fits]) =>
    name.endsWith("?")
      ? !Object.hasOwn(v, name.slice(0, -1)) || fits(v[name.slice(0, -1)])
      : Object.hasOwn(v, name) && fits(v[name]),
  );

const hex64 = like(/^[0-9a-f]{64}$/);
const listed = list(object({ id: text, ticket: like(/^[0-9a-f]{32}$/) }));
const isCommitment = object({
  spec: exactly(SPEC),
  draw: text,
  round: number,
  frame_sha256: hex64,
  frame_count: number,
  excluded_sha256: hex64,
  strata: list(object({ name: text, count: number, quota: number, "ratio?": like(/^(0|1|0\.[0-9]{0,11}[1-9])$/) })),
  contributions: list(hex64),
  "total?": number,
  "redraw?": object({ previous: hex64, reason: text, approved_by: text }),
  "frame_merkle?": hex64,
});
const isRecord = object({
  spec: exactly(SPEC),
  commitment: isCommitment,
  commitment_sha256: hex64,
  contributions: list(object({ contributor: text, sha256: hex64, "secret?": hex64 })),
});
const isTranscript = object({
  spec: exactly(SPEC),
  commitment: isCommitment,
  commitment_sha256: hex64,
  "window?": object({
    commitment: object({
      spec: exactly(SPEC),
      window: text,
      draws: list(hex64),
      contributions: list(hex64),
      "replaces?": object({ previous: hex64, missing: list(hex64) }),
    }),
    commitment_sha256: hex64,
  }),
  secrets: list(hex64),
  seed: hex64,
  wanted: number,
  drawn: number,
  short: number,
  strata: list(
    object({
      name: text,
      wanted: number,
      drawn: number,
      short: number,
      winners: listed,
      substitutes: listed,
      unlisted: number,
    }),
  ),
});
const isProof = object({
  spec: exactly("LM-DRAW-1-PROOF"),
  commitment_sha256: hex64,
  id: text,
  stratum: text,
  line: number,
  lines: list(hex64),
  path: list(hex64),
});

// ── step 1 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const FORBIDDEN = /[,"\u0000-\u001f\u007f]/;

/** Lines of a file as [id, rest], or null where it breaks a rule that both files share. */
function lines(bytes) {
  let content;
  try {
    content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
  if (content === "") return [];
  if (!content.endsWith("\n")) return null;
  const rows = [];
  for (const line of content.slice(0, -1).split("\n")) {
    const comma = line.indexOf(",");
    if (comma < 1) return null;
    rows.push([line.slice(0, comma), line.slice(comma + 1)]);
  }
  const ids = rows.map(([id]) => id);
  return ids.every((id) => !FORBIDDEN.test(id)) && ascending(ids) ? rows : null;
}

/** The frame as a list of [id, stratum], or null where the file is none. */
function readFrame(bytes) {
  const rows = lines(bytes);
  return rows && rows.every(([, stratum]) => stratum !== "" && !FORBIDDEN.test(stratum)) ? rows : null;
}

/** ⌊ratio × count + 1/2⌋, at least 1 where both are positive; exact. */
function quotaByRatio(ratio, count) {
  const [whole, decimals = ""] = ratio.split(".");
  const denominator = 10n ** BigInt(decimals.length);
  const numerator = BigInt(whole + decimals);
  const quota = (2n * numerator * BigInt(count) + denominator) / (2n * denominator);
  return Number(numerator > 0n && count > 0 && quota < 1n ? 1n : quota);
}

/** A total over strata ([name, count]) by largest remainder. */
function spread(total, counts) {
  const whole = counts.reduce((a, [, count]) => a + BigInt(count), 0n);
  const shares = counts.map(([name, count]) => {
    const product = BigInt(total) * BigInt(count);
    return { name, share: product / whole, rest: product % whole };
  });
  let left = BigInt(total) - shares.reduce((a, { share }) => a + share, 0n);
  const order = [...shares].sort((a, b) => (a.rest > b.rest ? -1 : a.rest < b.rest ? 1 : byBytes(a.name, b.name)));
  for (const one of order) if (left-- > 0n) one.share += 1n;
  return new Map(shares.map(({ name, share }) => [name, Number(share)]));
}

const lineHash = (line) => sha256(join([0], line));
const leafHash = (hashes) => sha256(join([1], ...hashes));
const nodeHash = (left, right) => sha256(join([2], left, right));

/** Root over the lines of a frame, hex; empty where there are none. */
async function merkleRoot(bytes) {
  const rows = [];
  for (let start = 0, end; (end = bytes.indexOf(10, start)) >= 0; start = end + 1) rows.push(bytes.subarray(start, end));
  let level = [];
  for (let at = 0; at < rows.length; at += LEAF) {
    level.push(await leafHash(await Promise.all(rows.slice(at, at + LEAF).map(lineHash))));
  }
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at < level.length; at += 2) {
      above.push(at + 1 < level.length ? await nodeHash(level[at], level[at + 1]) : level[at]);
    }
    level = above;
  }
  return level.length ? toHex(level[0]) : "";
}

/** The root that a proof leads to; empty where it leads to none. */
async function rootOf(proof, count) {
  const place = proof.line - 1;
  const path = [...proof.path];
  let [size, number_] = [Math.ceil(count / LEAF), Math.floor(place / LEAF)];
  if (place < 0 || place >= count || proof.lines.length !== Math.min(LEAF, count - LEAF * number_)) return "";
  if (proof.lines[place % LEAF] !== toHex(await lineHash(utf8(`${proof.id},${proof.stratum}`)))) return "";
  let reached = await leafHash(proof.lines.map(fromHex));
  for (; size > 1; size = Math.ceil(size / 2), number_ = Math.floor(number_ / 2)) {
    if (number_ % 2 === 0 && number_ + 1 >= size) continue;
    if (!path.length) return "";
    const other = fromHex(path.shift());
    reached = number_ % 2 ? await nodeHash(other, reached) : await nodeHash(reached, other);
  }
  return path.length ? "" : toHex(reached);
}

// ── steps 3 and 4 ────────────────────────────────────────────────────────────────────────────────────────────────────

const seedOf = (commitment, secrets) => hash(join(utf8(SPEC), [0], fromHex(commitment), ...secrets.map(fromHex)));

/** The tickets of these objects under a seed, hex. */
async function tickets(seed, ids, progress = () => {}) {
  const key = await subtle().importKey("raw", fromHex(seed), "AES-CTR", false, ["encrypt"]);
  const zeros = new Uint8Array(16);
  const ticket = async (id) => {
    const counter = (await sha256(utf8(id))).subarray(0, 16);
    return toHex(new Uint8Array(await subtle().encrypt({ name: "AES-CTR", counter, length: 64 }, key, zeros)));
  };
  const found = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    found.push(...(await Promise.all(ids.slice(at, at + AT_ONCE).map(ticket))));
    progress(found.length, ids.length);
  }
  return found;
}

const byTicket = (a, b) => (a.ticket < b.ticket ? -1 : a.ticket > b.ticket ? 1 : byBytes(a.id, b.id));

/** Objects of each stratum in the order of tickets. */
async function inOrder(frame, seed, progress) {
  const found = await tickets(seed, frame.map(([id]) => id), progress);
  const orders = new Map();
  frame.forEach(([id, stratum], at) => {
    if (!orders.has(stratum)) orders.set(stratum, []);
    orders.get(stratum).push({ id, ticket: found[at] });
  });
  for (const order of orders.values()) order.sort(byTicket);
  return orders;
}

// ── the checks ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether the files are the frozen ones; gives the frame, or null. */
async function files(commitment, frameCsv, excludedCsv, fault) {
  if ((await hash(frameCsv)) !== commitment.frame_sha256) fault("FRAME_HASH", true);
  else if ("frame_merkle" in commitment) {
    fault("FRAME_MERKLE", commitment.frame_merkle !== (await merkleRoot(frameCsv)));
  }
  const frame = readFrame(frameCsv);
  fault("FRAME_UNREADABLE", !frame);
  if (!frame) return null;
  const counts = new Map();
  for (const [, stratum] of frame) counts.set(stratum, (counts.get(stratum) ?? 0) + 1);
  fault("FRAME_COUNT", commitment.frame_count !== frame.length);
  for (const { name, count } of commitment.strata) fault("STRATUM_COUNT", count !== (counts.get(name) ?? 0), name);
  const names = new Set(commitment.strata.map(({ name }) => name));
  fault("STRATUM_NOT_COMMITTED", [...counts.keys()].some((name) => !names.has(name)));
  if (excludedCsv) {
    fault("EXCLUDED_HASH", (await hash(excludedCsv)) !== commitment.excluded_sha256);
    const excluded = lines(excludedCsv);
    fault("EXCLUDED_UNREADABLE", !excluded);
    const ids = new Set(frame.map(([id]) => id));
    fault("EXCLUDED_IN_FRAME", excluded?.some(([id]) => ids.has(id)));
  }
  return frame;
}

/** Whether a commitment is what may follow this record of an abandoned one. */
async function continues(commitment, record) {
  const before = record.commitment;
  const withheld = record.contributions.filter((one) => !("secret" in one)).map((one) => one.sha256);
  for (const { secret, sha256: given } of record.contributions) {
    if (secret && (await hash(fromHex(secret))) !== given) return false;
  }
  const frozen = ["frame_sha256", "frame_count", "excluded_sha256", "strata", "total", "frame_merkle"];
  const kept = (document) => canonical(frozen.map((name) => document[name] ?? null));
  return (
    (await committed(before)) === record.commitment_sha256 &&
    canonical(record.contributions.map((one) => one.sha256)) === canonical(before.contributions) &&
    withheld.length > 0 &&
    kept(before) === kept(commitment) &&
    !commitment.contributions.some((one) => before.contributions.includes(one)) &&
    commitment.redraw.reason === ["WITHHELD", ...withheld].join(" ")
  );
}

/** Whether quotas follow from their rules and a redraw from the round before. */
async function rules(commitment, previous, fault) {
  if (!ascending(commitment.strata.map(({ name }) => name))) {
    fault("STRATA_ORDER", true);
  } else {
    const counts = commitment.strata.map(({ name, count }) => [name, count]);
    const useTotal = "total" in commitment && counts.some(([, count]) => count > 0);
    const byTotal = useTotal ? spread(commitment.total, counts) : new Map();
    for (const { name, count, quota, ratio } of commitment.strata) {
      fault("QUOTA_RULE", quota !== (ratio ? quotaByRatio(ratio, count) : (byTotal.get(name) ?? quota)), name);
    }
  }
  const redraw = commitment.redraw;
  if (commitment.round < 1 || commitment.round > 1 !== (redraw !== undefined)) {
    fault("REDRAW", true);
  } else if (previous && redraw) {
    const before = previous.commitment;
    const follows = before.draw === commitment.draw && before.round + 1 === commitment.round;
    fault("PREVIOUS_ROUND", !follows || redraw.previous !== (await committed(before)));
  }
  if (previous && redraw) {
    const says = redraw.reason.split(" ")[0] === "WITHHELD";
    const record = "contributions" in previous;
    fault("ABANDONED", says !== record || (record && !(await continues(commitment, previous))));
  }
}

/** Whether commitment, window and secrets are in order; gives the seed to draw with. */
async function seedFor(transcript, announced, report) {
  let faulty = false;
  const fault = (code, when, where) => {
    faulty ||= Boolean(when);
    report(code, when, where);
  };
  const { commitment, window } = transcript;
  fault("COMMITMENT", (await committed(commitment)) !== transcript.commitment_sha256);
  if (window) {
    fault("COMMITMENT", (await committed(window.commitment)) !== window.commitment_sha256);
    fault("WINDOW_ORDER", !ascending(window.commitment.draws));
    fault("NOT_IN_WINDOW", !window.commitment.draws.includes(transcript.commitment_sha256));
    fault("CONTRIBUTIONS", commitment.contributions.length > 0);
    const { replaces } = window.commitment;
    const again = replaces && window.commitment.contributions.some((one) => replaces.missing.includes(one));
    fault("REPLACES", replaces && (replaces.missing.length === 0 || !ascending(replaces.missing) || again));
  }
  const binding = window ?? transcript;
  const { contributions } = binding.commitment;
  fault("CONTRIBUTIONS", contributions.length === 0);
  fault("ANNOUNCED", Boolean(announced) && announced !== binding.commitment_sha256);
  fault("SECRETS_MISSING", transcript.secrets.length !== contributions.length);
  for (const [at, secret] of transcript.secrets.slice(0, contributions.length).entries()) {
    fault("SECRET", (await hash(fromHex(secret))) !== contributions[at], String(at + 1));
  }
  const computed = await seedOf(binding.commitment_sha256, transcript.secrets);
  report("SEED", !faulty && computed !== transcript.seed);
  return faulty ? transcript.seed : computed;
}

const namesOf = (strata) => JSON.stringify(strata.map(({ name }) => name));

/** What was found: adds to a list, each kind with where it was. */
function collector() {
  const faults = [];
  const fault = (code, when, where = "") => void (when && faults.push({ code, where }));
  return { faults, fault };
}

/**
 * The faults of a draw.
 *
 * @param transcript the document, as `parse` gives it
 * @param frameCsv the bytes of frame.csv
 * @returns a list of {code, where}; empty: sound
 */
export async function verify(transcript, frameCsv, { excludedCsv, announced, previous, progress } = {}) {
  if (!isTranscript(transcript)) return [{ code: "MALFORMED", where: "" }];
  const isBefore = previous?.contributions === undefined ? isTranscript : isRecord;
  if (previous !== undefined && !isBefore(previous)) return [{ code: "PREVIOUS_ROUND", where: "" }];
  const { faults, fault } = collector();
  const { commitment } = transcript;
  const frame = await files(commitment, frameCsv, excludedCsv, fault);
  await rules(commitment, previous, fault);
  const seed = await seedFor(transcript, announced, fault);
  if (!frame) return faults;
  if (namesOf(commitment.strata) !== namesOf(transcript.strata)) return [...faults, { code: "RESULT_STRATA", where: "" }];
  const orders = await inOrder(frame, seed, progress);
  const sums = { wanted: 0, drawn: 0, short: 0 };
  transcript.strata.forEach((stratum, at) => {
    const { quota } = commitment.strata[at];
    const order = orders.get(stratum.name) ?? [];
    const winners = order.slice(0, quota);
    const substitutes = order.slice(quota, quota + stratum.substitutes.length);
    const numbers = { wanted: quota, drawn: winners.length, short: quota - winners.length };
    for (const name of Object.keys(sums)) {
      sums[name] += numbers[name];
      fault("NUMBERS", stratum[name] !== numbers[name], stratum.name);
    }
    fault("NUMBERS", stratum.unlisted !== order.length - winners.length - substitutes.length, stratum.name);
    const check = (code, stated, expected) => {
      for (let place = 0; place < Math.max(stated.length, expected.length); place++) {
        const where = `${stratum.name} ${place + 1}`;
        if (stated[place]?.id !== expected[place]?.id) return fault(code, true, where);
        if (stated[place].ticket !== expected[place].ticket) return fault("TICKET", true, where);
      }
    };
    check("WINNER", stratum.winners, winners);
    check("SUBSTITUTE", stratum.substitutes, substitutes);
  });
  for (const name of Object.keys(sums)) fault("NUMBERS", transcript[name] !== sums[name]);
  return faults;
}

/**
 * How the object of a proof stands.
 *
 * @returns {faults, standing?, ticket?, cutOff?, count?, quota?}; the rest only where there are no faults
 */
export async function verifyProof(transcript, proof, { announced } = {}) {
  if (!isTranscript(transcript) || !isProof(proof)) return { faults: [{ code: "MALFORMED", where: "" }] };
  const { faults, fault } = collector();
  const { commitment } = transcript;
  await rules(commitment, undefined, fault);
  const seed = await seedFor(transcript, announced, fault);
  if (proof.commitment_sha256 !== transcript.commitment_sha256) fault("OTHER_DRAW", true);
  else if (!("frame_merkle" in commitment)) fault("NO_PROOF", true);
  else fault("PROOF", (await rootOf(proof, commitment.frame_count)) !== commitment.frame_merkle);
  if (faults.length) return { faults };
  const at = commitment.strata.findIndex(({ name }) => name === proof.stratum);
  fault("RESULT_STRATA", namesOf(commitment.strata) !== namesOf(transcript.strata) || at < 0);
  if (faults.length) return { faults };
  const { count, quota } = commitment.strata[at];
  const { winners, substitutes, wanted, drawn, short, unlisted } = transcript.strata[at];
  const all = [...winners, ...substitutes];
  const must = Math.min(quota, count);
  const numbers = [winners.length, wanted, drawn, short, unlisted];
  fault("NUMBERS", canonical(numbers) !== canonical([must, quota, must, quota - must, count - all.length]), proof.stratum);
  const [ticket, ...ofAll] = await tickets(seed, [proof.id, ...all.map(({ id }) => id)]);
  fault("TICKET", all.some((one, place) => one.ticket !== ofAll[place]), proof.stratum);
  fault("WINNER", all.some((one, place) => place > 0 && byTicket(all[place - 1], one) >= 0), proof.stratum);
  const place = all.findIndex(({ id }) => id === proof.id);
  if (!faults.length && place < 0) {
    const smaller = all.filter((one) => byTicket(one, { id: proof.id, ticket }) < 0).length;
    fault(smaller < winners.length ? "WINNER" : "SUBSTITUTE", smaller < all.length, proof.stratum);
  }
  if (faults.length) return { faults };
  const standing = place < 0 ? "NOT_DRAWN" : place < winners.length ? "DRAWN" : "SUBSTITUTE";
  return { faults, standing, ticket, cutOff: winners.at(-1)?.ticket ?? "", count, quota };
}
