// LM-DRAW-1, checked without anything of the project: written from docs/verification.md alone, with node:crypto.
//
//   node verify.mjs                                      runs all vectors beside this file; exit 1 when one differs
//   node verify.mjs TRANSCRIPT FRAME [EXCLUDED]          checks a draw; prints its faults; exit 1 when there are any

import { createCipheriv, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SPEC = "LM-DRAW-1";

// ── bytes, text, JSON ────────────────────────────────────────────────────────────────────────────────────────────────

const utf8 = (text) => Buffer.from(text, "utf8");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const hash = (bytes) => sha256(bytes).toString("hex");
const byBytes = (a, b) => Buffer.compare(utf8(a), utf8(b));
const ascending = (texts) => texts.every((text, i) => i === 0 || byBytes(texts[i - 1], text) < 0);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/** JSON as RFC 8785 writes it; numbers here are whole and member names are ASCII. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(",")}}`;
}

const committed = (document) => hash(utf8(canonical(document)));

// ── step 1 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const FORBIDDEN = /[,"\u0000-\u001f\u007f]/;

/** Lines of a file as [id, rest], or null where it breaks a rule that both files share. */
function lines(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
  if (text === "") return [];
  if (!text.endsWith("\n")) return null;
  const rows = text.slice(0, -1).split("\n").map((line) => {
    const comma = line.indexOf(",");
    return comma < 0 ? null : [line.slice(0, comma), line.slice(comma + 1)];
  });
  if (rows.includes(null)) return null;
  const ids = rows.map(([id]) => id);
  return ids.every((id) => id !== "" && !FORBIDDEN.test(id)) && ascending(ids) ? rows : null;
}

/** The frame as a list of [id, stratum], or null where the file is none. */
function readFrame(bytes) {
  const rows = lines(bytes);
  return rows && rows.every(([, stratum]) => stratum !== "" && !FORBIDDEN.test(stratum)) ? rows : null;
}

// the tree: leaves of up to 256 lines, 0 ‖ line, 1 ‖ hashes of lines, 2 ‖ left ‖ right

const lineHash = (line) => sha256(Buffer.concat([Buffer.from([0]), utf8(line)]));
const leafHash = (hashes) => sha256(Buffer.concat([Buffer.from([1]), ...hashes]));
const nodeHash = (left, right) => sha256(Buffer.concat([Buffer.from([2]), left, right]));

/** Root over the lines of a frame, hex; empty where there are none. */
function merkleRoot(bytes) {
  const rows = bytes.toString("latin1").split("\n").slice(0, -1).map((row) => Buffer.from(row, "latin1"));
  const hashes = rows.map((row) => sha256(Buffer.concat([Buffer.from([0]), row])));
  let level = [];
  for (let at = 0; at < hashes.length; at += 256) level.push(leafHash(hashes.slice(at, at + 256)));
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at < level.length; at += 2) {
      above.push(at + 1 < level.length ? nodeHash(level[at], level[at + 1]) : level[at]);
    }
    level = above;
  }
  return level.length ? level[0].toString("hex") : "";
}

/** The root that a proof leads to; empty where it leads to none. */
function rootOf(proof, count) {
  const place = proof.line - 1;
  const hashes = proof.lines.map((one) => Buffer.from(one, "hex"));
  const path = [...proof.path];
  let [size, number] = [Math.ceil(count / 256), Math.floor(place / 256)];
  if (place < 0 || place >= count || hashes.length !== Math.min(256, count - 256 * number)) return "";
  if (!hashes[place % 256].equals(lineHash(`${proof.id},${proof.stratum}`))) return "";
  let reached = leafHash(hashes);
  for (; size > 1; size = Math.ceil(size / 2), number = Math.floor(number / 2)) {
    if (number % 2 === 0 && number + 1 >= size) continue;
    if (!path.length) return "";
    const other = Buffer.from(path.shift(), "hex");
    reached = number % 2 ? nodeHash(other, reached) : nodeHash(reached, other);
  }
  return path.length ? "" : reached.toString("hex");
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

// ── steps 3, 4, 5 ────────────────────────────────────────────────────────────────────────────────────────────────────

const seedOf = (commitment, secrets) =>
  sha256(Buffer.concat([utf8(SPEC), Buffer.from([0]), ...[commitment, ...secrets].map((one) => Buffer.from(one, "hex"))]));

const key = (id) => sha256(utf8(id)).subarray(0, 16);

function encrypt(seed, block) {
  const cipher = createCipheriv("aes-256-ecb", seed, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]).toString("hex");
}

const ticket = (seed, id) => encrypt(seed, key(id));
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0); // of hex, numbers and booleans

const byTicket = (a, b) => compare(a.ticket, b.ticket) || byBytes(a.id, b.id);

/** All objects of one stratum in the order of tickets. */
function inOrder(frame, stratum, seed) {
  const objects = frame.filter(([, name]) => name === stratum).map(([id]) => ({ id, ticket: ticket(seed, id) }));
  return objects.sort(byTicket);
}

function covers(region, other) {
  const within = region.replace(/00$/, "").replace(/00$/, "");
  return region === "" || other === "" || other.startsWith(within);
}

/** Step 5; throws where a post cannot be filled. */
function drawTeams(seed, { posts, candidates, recusals, size }) {
  const twice = (texts) => new Set(texts).size < texts.length;
  if (size < 2 || twice(candidates.map((c) => c.certificate))) throw new Error("input");
  if (twice(posts.map((p) => JSON.stringify([p.object_id, p.authority_id])))) throw new Error("input");
  const recused = new Set(recusals.map((r) => JSON.stringify([r.object_id, r.certificate])));
  const loads = new Map(candidates.map((c) => [c.certificate, c.load]));
  const mayGo = (post) =>
    candidates.filter(
      (c) =>
        !(post.kept ?? []).includes(c.certificate) &&
        c.authority_id === post.authority_id &&
        covers(c.region, post.region) &&
        !recused.has(JSON.stringify([post.object_id, c.certificate])) &&
        (c.expert || post.domains.length === 0 || post.domains.some((d) => c.domains.includes(d))),
    );
  const staying = (post) => {
    const found = (post.kept ?? []).map((kept) => candidates.find((c) => c.certificate === kept));
    if (found.some((c) => c?.authority_id !== post.authority_id)) throw new Error("input");
    return found;
  };
  const served = posts
    .map((post) => ({ post, ticket: ticket(seed, post.object_id) }))
    .sort(
      (a, b) =>
        compare(a.ticket, b.ticket) ||
        byBytes(a.post.object_id, b.post.object_id) ||
        byBytes(a.post.authority_id, b.post.authority_id),
    )
    .map(({ post }) => post);
  for (const post of served) {
    const able = [...staying(post), ...mayGo(post)];
    const inspectors = able.filter((c) => !c.expert);
    const filled =
      inspectors.length >= size &&
      post.domains.every((d) => inspectors.some((c) => c.domains.includes(d))) &&
      post.qualifications.every((q) => able.some((c) => c.qualifications.includes(q)));
    if (!filled) throw new Error(`infeasible: ${post.object_id}`);
  }
  return served.map((post) => {
    const pair = (c) => Buffer.concat([utf8(post.object_id), Buffer.from([0x1f]), utf8(c.certificate)]);
    const order = mayGo(post)
      .map((c) => ({ c, load: loads.get(c.certificate), ticket: encrypt(seed, sha256(pair(c)).subarray(0, 16)) }))
      .sort(
        (a, b) =>
          compare(a.c.expert, b.c.expert) ||
          compare(a.load, b.load) ||
          compare(a.ticket, b.ticket) ||
          byBytes(a.c.certificate, b.c.certificate),
      )
      .map(({ c }) => c);
    const team = staying(post);
    for (const domain of [...new Set(post.domains)].sort(byBytes)) {
      const has = (c) => !c.expert && c.domains.includes(domain);
      if (!team.some(has)) team.push(order.find(has));
    }
    for (const qualification of [...new Set(post.qualifications)].sort(byBytes)) {
      const has = (c) => c.qualifications.includes(qualification);
      if (!team.some(has)) team.push(order.find(has));
    }
    while (team.filter((c) => !c.expert).length < size) team.push(order.find((c) => !team.includes(c)));
    for (const c of team.slice(staying(post).length)) loads.set(c.certificate, loads.get(c.certificate) + 1);
    const numbers = (expert) => team.filter((c) => c.expert === expert).map((c) => c.certificate);
    return {
      object_id: post.object_id,
      authority_id: post.authority_id,
      certificates: numbers(false),
      experts: numbers(true),
    };
  });
}

// ── shape ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const text = (v) => typeof v === "string" && v !== "" && v.isWellFormed();
const number = (v) => Number.isSafeInteger(v) && v >= 0;
const bool = (v) => typeof v === "boolean";
const like = (pattern) => (v) => typeof v === "string" && pattern.test(v);
const list = (of) => (v) => Array.isArray(v) && v.every(of);
const object = (members) => (v) =>
  v !== null &&
  typeof v === "object" &&
  !Array.isArray(v) &&
  Object.keys(v).every((name) => name in members || `${name}?` in members) &&
  Object.entries(members).every(([name, fits]) =>
    name.endsWith("?") ? !(name.slice(0, -1) in v) || fits(v[name.slice(0, -1)]) : name in v && fits(v[name]),
  );

const hex64 = like(/^[0-9a-f]{64}$/);
const spec = (v) => v === SPEC;
const drawn = list(object({ id: text, ticket: like(/^[0-9a-f]{32}$/) }));
const commitmentShape = object({
  spec,
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
const recordShape = object({
  spec,
  commitment: commitmentShape,
  commitment_sha256: hex64,
  contributions: list(object({ contributor: text, sha256: hex64, "secret?": hex64 })),
});
const transcriptShape = object({
  spec,
  commitment: commitmentShape,
  commitment_sha256: hex64,
  "window?": object({
    commitment: object({
      spec,
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
      winners: drawn,
      substitutes: drawn,
      unlisted: number,
    }),
  ),
});
const proofShape = object({
  spec: (v) => v === "LM-DRAW-1-PROOF",
  commitment_sha256: hex64,
  id: text,
  stratum: text,
  line: number,
  lines: list(hex64),
  path: list(hex64),
});
const region = like(/^[0-9]*$/);
const teamShape = object({
  spec,
  commitment_sha256: hex64,
  seed: hex64,
  size: number,
  posts: list(
    object({
      object_id: text,
      authority_id: text,
      region,
      domains: list(text),
      qualifications: list(text),
      "kept?": list(text),
    }),
  ),
  candidates: list(
    object({
      certificate: text,
      authority_id: text,
      region,
      domains: list(text),
      qualifications: list(text),
      expert: bool,
      load: number,
    }),
  ),
  recusals: list(object({ object_id: text, certificate: text })),
  teams: list(object({ object_id: text, authority_id: text, certificates: list(text), experts: list(text) })),
});

// ── verify ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A JSON document; of a member that is there twice, which is a fault, node sees the last. */
function parse(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Whether a round that replaces an abandoned one is true to the record of it. */
function abandonmentHolds(commitment, record) {
  const withheld = record.contributions.filter(({ secret }) => secret === undefined).map(({ sha256 }) => sha256);
  const same = ["frame_sha256", "frame_count", "excluded_sha256", "strata", "total", "frame_merkle"];
  const given = record.commitment.contributions;
  return (
    committed(record.commitment) === record.commitment_sha256 &&
    canonical(record.contributions.map(({ sha256 }) => sha256)) === canonical(given) &&
    record.contributions.every(({ secret, sha256 }) => !secret || hash(Buffer.from(secret, "hex")) === sha256) &&
    withheld.length > 0 &&
    same.every((name) => canonical([record.commitment[name] ?? null]) === canonical([commitment[name] ?? null])) &&
    !commitment.contributions.some((one) => given.includes(one)) &&
    commitment.redraw.reason === ["WITHHELD", ...withheld].join(" ")
  );
}

/** What a commitment, its window and the secrets must be; gives the seed to draw with. */
function bindings(transcript, fault, { announced, previous } = {}) {
  const { commitment, window } = transcript;
  if (!ascending(commitment.strata.map(({ name }) => name))) {
    fault("STRATA_ORDER", true);
  } else {
    const counts = commitment.strata.map(({ name, count }) => [name, count]);
    const useTotal = "total" in commitment && counts.some(([, count]) => count > 0);
    const byTotal = useTotal ? spread(commitment.total, counts) : new Map();
    for (const { name, count, quota, ratio } of commitment.strata) {
      fault("QUOTA_RULE", quota !== (ratio ? quotaByRatio(ratio, count) : (byTotal.get(name) ?? quota)));
    }
  }

  const redraw = commitment.redraw;
  const abandoned = previous?.contributions !== undefined;
  if (commitment.round < 1 || commitment.round > 1 !== (redraw !== undefined)) {
    fault("REDRAW", true);
  } else if (previous && redraw) {
    const before = previous.commitment;
    const follows = before.draw === commitment.draw && before.round + 1 === commitment.round;
    fault("PREVIOUS_ROUND", !follows || redraw.previous !== committed(before));
  }
  if (previous && redraw) {
    const says = redraw.reason.split(" ")[0] === "WITHHELD";
    fault("ABANDONED", says !== abandoned || (abandoned && !abandonmentHolds(commitment, previous)));
  }

  let faulty = false;
  const bound = (code, when) => {
    faulty ||= Boolean(when);
    fault(code, when);
  };
  const binding = window ?? transcript;
  bound("COMMITMENT", committed(commitment) !== transcript.commitment_sha256);
  if (window) {
    bound("COMMITMENT", committed(window.commitment) !== window.commitment_sha256);
    bound("WINDOW_ORDER", !ascending(window.commitment.draws));
    bound("NOT_IN_WINDOW", !window.commitment.draws.includes(transcript.commitment_sha256));
    bound("CONTRIBUTIONS", commitment.contributions.length > 0);
    const { replaces } = window.commitment;
    const again = replaces && window.commitment.contributions.some((one) => replaces.missing.includes(one));
    bound("REPLACES", replaces && (replaces.missing.length === 0 || !ascending(replaces.missing) || again));
  }
  const { contributions } = binding.commitment;
  bound("CONTRIBUTIONS", contributions.length === 0);
  bound("ANNOUNCED", announced !== undefined && announced !== binding.commitment_sha256);
  bound("SECRETS_MISSING", transcript.secrets.length !== contributions.length);
  transcript.secrets.slice(0, contributions.length).forEach((secret, i) => {
    bound("SECRET", hash(Buffer.from(secret, "hex")) !== contributions[i]);
  });
  const computed = seedOf(binding.commitment_sha256, transcript.secrets);
  const seed = faulty ? Buffer.from(transcript.seed, "hex") : computed;
  fault("SEED", !faulty && computed.toString("hex") !== transcript.seed);
  return seed;
}

/** The faults of a draw, as a list of codes. */
export function verify(transcript, frameCsv, { excludedCsv, announced, previous } = {}) {
  if (!transcriptShape(transcript)) return ["MALFORMED"];
  const isBefore = previous?.contributions === undefined ? transcriptShape : recordShape;
  if (previous !== undefined && !isBefore(previous)) return ["PREVIOUS_ROUND"];
  const faults = [];
  const fault = (code, when) => void (when && faults.push(code));
  const { commitment } = transcript;

  if (hash(frameCsv) !== commitment.frame_sha256) fault("FRAME_HASH", true);
  else if ("frame_merkle" in commitment) fault("FRAME_MERKLE", commitment.frame_merkle !== merkleRoot(frameCsv));
  const frame = readFrame(frameCsv);
  fault("FRAME_UNREADABLE", !frame);
  if (frame) {
    const counts = new Map();
    for (const [, stratum] of frame) counts.set(stratum, (counts.get(stratum) ?? 0) + 1);
    fault("FRAME_COUNT", commitment.frame_count !== frame.length);
    for (const { name, count } of commitment.strata) fault("STRATUM_COUNT", count !== (counts.get(name) ?? 0));
    const names = new Set(commitment.strata.map(({ name }) => name));
    fault("STRATUM_NOT_COMMITTED", [...counts.keys()].some((name) => !names.has(name)));
    if (excludedCsv) {
      fault("EXCLUDED_HASH", hash(excludedCsv) !== commitment.excluded_sha256);
      const excluded = lines(excludedCsv);
      fault("EXCLUDED_UNREADABLE", !excluded);
      const ids = new Set(frame.map(([id]) => id));
      fault("EXCLUDED_IN_FRAME", excluded?.some(([id]) => ids.has(id)));
    }
  }

  const seed = bindings(transcript, fault, { announced, previous });

  if (!frame) return faults;
  const names = (strata) => JSON.stringify(strata.map(({ name }) => name));
  if (names(commitment.strata) !== names(transcript.strata)) return [...faults, "RESULT_STRATA"];
  const sums = { wanted: 0, drawn: 0, short: 0 };
  transcript.strata.forEach((stratum, i) => {
    const { quota } = commitment.strata[i];
    const order = inOrder(frame, stratum.name, seed);
    const winners = order.slice(0, quota);
    const substitutes = order.slice(quota, quota + stratum.substitutes.length);
    const numbers = { wanted: quota, drawn: winners.length, short: quota - winners.length };
    for (const name of Object.keys(sums)) {
      sums[name] += numbers[name];
      fault("NUMBERS", stratum[name] !== numbers[name]);
    }
    fault("NUMBERS", stratum.unlisted !== order.length - winners.length - substitutes.length);
    const check = (code, stated, expected) => {
      for (let place = 0; place < Math.max(stated.length, expected.length); place++) {
        if (stated[place]?.id !== expected[place]?.id) return fault(code, true);
        if (stated[place].ticket !== expected[place].ticket) return fault("TICKET", true);
      }
    };
    check("WINNER", stratum.winners, winners);
    check("SUBSTITUTE", stratum.substitutes, substitutes);
  });
  for (const name of Object.keys(sums)) fault("NUMBERS", transcript[name] !== sums[name]);
  return faults;
}

/** How the object of a proof stands, and the faults as a list of codes. */
export function verifyProof(transcript, proof, { announced } = {}) {
  if (!transcriptShape(transcript) || !proofShape(proof)) return { faults: ["MALFORMED"] };
  const faults = [];
  const fault = (code, when) => void (when && faults.push(code));
  const { commitment } = transcript;
  const seed = bindings(transcript, fault, { announced });
  if (proof.commitment_sha256 !== transcript.commitment_sha256) fault("OTHER_DRAW", true);
  else if (!("frame_merkle" in commitment)) fault("NO_PROOF", true);
  else fault("PROOF", rootOf(proof, commitment.frame_count) !== commitment.frame_merkle);
  if (faults.length) return { faults };
  const names = (strata) => JSON.stringify(strata.map(({ name }) => name));
  const number = commitment.strata.findIndex(({ name }) => name === proof.stratum);
  if (names(commitment.strata) !== names(transcript.strata) || number < 0) return { faults: ["RESULT_STRATA"] };
  const { count, quota } = commitment.strata[number];
  const { winners, substitutes, wanted, drawn, short, unlisted } = transcript.strata[number];
  const listed = [...winners, ...substitutes];
  const must = Math.min(quota, count);
  const numbers = [winners.length, wanted, drawn, short, unlisted];
  fault("NUMBERS", canonical(numbers) !== canonical([must, quota, must, quota - must, count - listed.length]));
  fault("TICKET", listed.some((one) => one.ticket !== ticket(seed, one.id)));
  fault("WINNER", listed.some((one, i) => i > 0 && byTicket(listed[i - 1], one) >= 0));
  const own = { id: proof.id, ticket: ticket(seed, proof.id) };
  const place = listed.findIndex(({ id }) => id === proof.id);
  if (!faults.length && place < 0) {
    const smaller = listed.filter((one) => byTicket(one, own) < 0).length;
    fault(smaller < winners.length ? "WINNER" : "SUBSTITUTE", smaller < listed.length);
  }
  const standing = place < 0 ? "NOT_DRAWN" : place < winners.length ? "DRAWN" : "SUBSTITUTE";
  return faults.length ? { faults } : { faults, standing };
}

/** The faults of a draw of inspectors, as a list of codes. */
export function verifyTeams(transcript, draw) {
  if (!teamShape(transcript)) return ["MALFORMED"];
  const faults = [];
  if (draw) {
    const binding = draw.window ?? draw;
    if (transcript.commitment_sha256 !== binding.commitment_sha256) faults.push("OTHER_DRAW");
    if (transcript.seed !== draw.seed) faults.push("OTHER_DRAW");
  }
  let teams;
  try {
    teams = drawTeams(Buffer.from(transcript.seed, "hex"), transcript);
  } catch {
    return [...faults, "TEAMS_IMPOSSIBLE"];
  }
  if (teams.length !== transcript.teams.length) faults.push("TEAMS_MISSING");
  const differs = transcript.teams.slice(0, teams.length).some((team, i) => canonical(team) !== canonical(teams[i]));
  return differs ? [...faults, "TEAM"] : faults;
}

// ── the vectors ──────────────────────────────────────────────────────────────────────────────────────────────────────

function primitiveFailures(p) {
  const failures = [];
  const equal = (what, found, expected) => {
    if (canonical(found) !== canonical(expected)) failures.push(`${what}: ${canonical(found)} ≠ ${canonical(expected)}`);
  };
  for (const { ratio, count, quota } of p.quota_by_ratio) equal(`quota ${ratio}`, quotaByRatio(ratio, count), quota);
  for (const { total, counts, quotas } of p.spread) {
    equal(`spread ${total}`, Object.fromEntries(spread(total, Object.entries(counts))), quotas);
  }
  for (const one of p.keys) equal(`key ${one.id}`, key(one.id).toString("hex"), one.key);
  for (const one of p.tickets) equal(`ticket ${one.id}`, ticket(Buffer.from(one.seed, "hex"), one.id), one.ticket);
  const { objects, order } = p.in_order;
  const sorted = objects.map(([id, of]) => ({ id, ticket: of })).sort(byTicket);
  equal("equal tickets", sorted.map(({ id }) => id), order);
  for (const { lines: count, root } of p.merkle_root) {
    const rows = Array.from({ length: count }, (_, n) => `${String(n).padStart(5, "0")},A\n`);
    equal(`root of ${count}`, merkleRoot(utf8(rows.join(""))), root);
  }
  const ids = Object.keys(p.frame_csv.objects).sort(byBytes);
  equal("frame.csv", ids.map((id) => `${id},${p.frame_csv.objects[id]}\n`).join(""), p.frame_csv.text);
  equal("canonical", canonical(p.commitment.document), p.commitment.canonical);
  equal("commitment", committed(p.commitment.document), p.commitment.sha256);
  equal("seed", seedOf(p.seed.commitment, p.seed.secrets).toString("hex"), p.seed.seed);
  return failures;
}

function runVectors(directory) {
  const read = (name) => name && readFileSync(join(directory, name));
  const failures = primitiveFailures(parse(read("primitives.json")));
  const index = parse(read("index.json"));
  for (const one of index) {
    const shown = one.proof && verifyProof(parse(read(one.transcript)), parse(read(one.proof)));
    if (shown?.standing !== one.standing) failures.push(`${one.name}: stands ${shown.standing}, not ${one.standing}`);
    const found = shown
      ? shown.faults
      : one.teams
      ? verifyTeams(parse(read(one.teams)), parse(read(one.draw)))
      : verify(parse(read(one.transcript)), read(one.frame), {
          excludedCsv: read(one.excluded),
          announced: one.announced,
          previous: one.previous && parse(read(one.previous)),
        });
    const faults = [...new Set(found)].sort();
    if (canonical(faults) !== canonical(one.faults)) failures.push(`${one.name}: found ${faults}, expected ${one.faults}`);
  }
  for (const failure of failures) console.error(failure);
  console.log(`${index.length} cases, ${failures.length} differ`);
  return failures.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [transcript, frame, excluded] = process.argv.slice(2);
  if (!transcript) process.exit(runVectors(dirname(fileURLToPath(import.meta.url))) ? 1 : 0);
  const excludedCsv = excluded && readFileSync(excluded);
  const faults = verify(parse(readFileSync(transcript)), readFileSync(frame), { excludedCsv });
  console.log(faults.length ? faults.join("\n") : "sound");
  process.exit(faults.length ? 1 : 0);
}
