import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { ZodOpenApiMediaTypeObject, ZodOpenApiOperationObject, ZodOpenApiResponseObject } from "zod-openapi";
import { describeApi, describedPaths } from "../describe-api.ts";
import { methods } from "../map-operations.ts";

const limits = { MAX_MESSAGE_CHARS: 4000 };

interface Answer {
  name: string;
  description: string;
  type: string;
  media: ZodOpenApiMediaTypeObject | undefined;
}

function answersOf({ operationId, responses }: ZodOpenApiOperationObject): Answer[] {
  return Object.entries(responses ?? {}).flatMap(([status, response]: [string, ZodOpenApiResponseObject]) =>
    Object.entries(response.content ?? {}).map(([type, media]) => ({
      name: `${operationId} ${status}`,
      description: response.description ?? "",
      type,
      media,
    })),
  );
}

const answers = Object.values(describedPaths(limits)).flatMap((item) =>
  methods.flatMap((method) => (item[method] === undefined ? [] : answersOf(item[method]))),
);

/** Schemas drop fields that they lack, at any depth: what is left has to be the whole example. */
function expectWhole(schema: unknown, example: unknown, name: string): void {
  if (!(schema instanceof z.ZodType)) throw new Error(`${name} has no schema of zod's`);
  expect(example, name).toBeDefined();
  const taken = schema.safeParse(example);
  expect(taken.error, name).toBeUndefined();
  expect(taken.data, name).toEqual(example);
}

describe("examples of answers", () => {
  it("show each JSON answer, as its own schema takes it whole", () => {
    const bodies = answers.filter(({ type }) => type === "application/json");
    expect(bodies.length).toBeGreaterThan(60);
    for (const { name, media } of bodies) expectWhole(media?.schema, media?.example, name);
  });

  it("show each problem of an answer by its code", () => {
    const problems = answers.filter(({ type }) => type === "application/problem+json");
    expect(problems.length).toBeGreaterThan(100);
    for (const { name, description, media } of problems) {
      const codes = [...description.matchAll(/`([a-z-]+)`: /g)].map(([, code]) => code);
      expect(Object.keys(media?.examples ?? {}), name).toEqual(codes);
      for (const [code, example] of Object.entries(media?.examples ?? {})) {
        const { value } = z.object({ value: z.object({ type: z.string() }).loose() }).parse(example);
        expect(value.type).toBe(`/problems/${code}`);
        expect(name).toMatch(new RegExp(` ${String(value["status"])}$`));
        expectWhole(media?.schema, value, `${name} ${code}`);
      }
    }
  });

  it("are in the description", () => {
    const { paths } = describeApi(limits);
    expect(paths?.["/api/chat"]?.post?.responses?.["202"]).toMatchObject({
      content: { "application/json": { example: { status: "queued" } } },
    });
  });
});
