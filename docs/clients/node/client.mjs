// Another government system, written from the protos alone: it applies for a code before a visit, and pushes what it
// found after it. `npm ci`, then:
//
//   node client.mjs apply  OBJECT AUTHORITY MATTER CERTIFICATE CERTIFICATE DAY
//   node client.mjs result CODE_ID FINDING SUMMARY DAY
//
// LIANGMA_GRPC: address of the codes service; LIANGMA_TOKEN: bearer token of the system (role `system`);
// LIANGMA_PROTOS: folders with the protos, separated by colons (protos:build/protos in a checkout after `make lint`);
// LIANGMA_CA: certificate of the server's issuer (PEM); without it the connection is not encrypted.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const { LIANGMA_GRPC, LIANGMA_TOKEN, LIANGMA_PROTOS = "protos:build/protos", LIANGMA_CA } = process.env;
const contract = grpc.loadPackageDefinition(
  loader.loadSync(["liangma/codes/v1/codes.proto", "liangma/codes/v1/external_results.proto"], {
    includeDirs: LIANGMA_PROTOS.split(":"),
    keepCase: true,
    enums: String,
    longs: String,
    defaults: true,
  }),
).liangma.codes.v1;
const channel = LIANGMA_CA ? grpc.credentials.createSsl(readFileSync(LIANGMA_CA)) : grpc.credentials.createInsecure();
const metadata = new grpc.Metadata();
metadata.set("authorization", `Bearer ${LIANGMA_TOKEN}`);

// The same request has the same id, so it may be sent again whenever the answer got lost.
const withId = (request) => ({
  ...request,
  request_id: createHash("sha256").update(JSON.stringify(request)).digest("hex").slice(0, 32),
});

// A service that is restarting is UNAVAILABLE for a moment; nothing else gets better by asking again.
async function call(client, method, request, tries = 5) {
  try {
    return await new Promise((resolve, reject) =>
      client[method](request, metadata, { deadline: Date.now() + 10_000 }, (error, answer) =>
        error ? reject(error) : resolve(answer),
      ),
    );
  } catch (error) {
    if (error.code !== grpc.status.UNAVAILABLE || tries === 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, 500 * (6 - tries)));
    return call(client, method, request, tries - 1);
  }
}

const commands = {
  async apply(object_id, authority_id, matter_id, first, second, day) {
    const parts = [{ authority_id, matter_ids: [matter_id], certificates: [first, second] }];
    const request = { object_id, parts, task_number: `示例〔${day.slice(0, 4)}〕1号`, starts_on: day, ends_on: day };
    const client = new contract.CodesService(LIANGMA_GRPC, channel);
    const { code_id, text, warnings } = await call(client, "ApplyExternalCode", withId(request));
    return { code_id, text, warnings };
  },
  async result(code_id, finding, summary, inspected_on) {
    const request = { code_id, finding, summary, inspected_on };
    const client = new contract.ExternalResultsService(LIANGMA_GRPC, channel);
    const { version, adverse } = await call(client, "PushExternalResult", withId(request));
    return { version, adverse };
  },
};

// The reason of a refusal travels as google.rpc.Status; the message is for people.
const [command, ...given] = process.argv.slice(2);
try {
  console.log(JSON.stringify(await commands[command](...given)));
  process.exit(0);
} catch (error) {
  console.error(`${grpc.status[error.code] ?? "ERROR"}: ${error.details ?? error.message}`);
  process.exit(1);
}
