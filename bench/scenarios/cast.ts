import {
  directVisitor,
  floorVisitor,
  makeVisitors,
  naiveVisitor,
  parleyVisitor,
  type Visitor,
  type VisitorKind,
} from "../clients/chats.ts";
import type { Contender } from "../figure.ts";
import type { Usage } from "../stage/child.ts";
import { startFloor, startNaive } from "../stage/limits.ts";
import { startParley } from "../stage/parley.ts";
import type { Stage } from "../stage/stage.ts";

/** Who can be asked for a whole chat. */
export interface Member {
  visitors(count: number): Visitor[];
  usage(): Usage;
}

/** Those of the wanted ones that can be had here: most stand on Redis. */
export type Cast = Partial<Record<Contender, Member>>;

type Name = keyof typeof openers;

/** Starts those who are to answer chats. */
export async function openCast(stage: Stage, stack: AsyncDisposableStack, names: readonly Name[]): Promise<Cast> {
  const able = names.filter((name) => stage.hasRedis || name === "direct" || name === "parleyPg");
  const opened = await Promise.all(
    able.map(async (name) => {
      const { open, kind } = openers[name];
      const started = await open(stage);
      stack.use(started);
      const visitors = (count: number) => makeVisitors(kind, started.origin, count);
      return [name, { visitors, usage: () => started.usage() }] as const;
    }),
  );
  return Object.fromEntries(opened);
}

interface Opened extends AsyncDisposable {
  origin: string;
  usage(): Usage;
}

interface Opener {
  open: (stage: Stage) => Promise<Opened>;
  kind: VisitorKind;
}

const openers = {
  direct: { open: async ({ provider }) => provided(provider), kind: directVisitor },
  naive: { open: startNaive, kind: naiveVisitor },
  floor2: { open: startFloor, kind: floorVisitor },
  parley: { open: (stage) => startParley(stage, { backend: "redis" }), kind: parleyVisitor },
  parleyPg: { open: (stage) => startParley(stage, { backend: "postgres" }), kind: parleyVisitor },
} satisfies Partial<Record<Contender, Opener>>;

/** The provider is the stage's: it is not closed with the cast. */
function provided({ origin, child }: Stage["provider"]): Opened {
  return { origin, usage: () => child.usage(), [Symbol.asyncDispose]: async () => undefined };
}
