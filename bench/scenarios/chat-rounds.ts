import type { ChatTiming, BenchVisitor } from "../clients/visitors.ts";
import { closedLoop, type Loop } from "../clients/closed-loop.ts";
import type { Contender } from "../figure.ts";
import { interleave } from "../interleave.ts";
import type { RunningContender } from "../testbed/contenders.ts";

export interface ChatRound extends Loop<ChatTiming> {
  /** CPU time of all its processes for one chat, in milliseconds. */
  cpuMsEach: number;
}

interface ChatRoundsOptions {
  clients: number;
  rounds: number;
  ms: number;
  /** See `closedLoop`. */
  spreadMs?: number;
}

/** Runs that many visitors of each member in interleaved rounds, after one short uncounted round. */
export async function chatRounds(
  members: Partial<Record<Contender, RunningContender>>,
  { clients, rounds, ms, spreadMs = 0 }: ChatRoundsOptions,
): Promise<Partial<Record<Contender, ChatRound[]>>> {
  const open: BenchVisitor[] = [];
  const turns = Object.fromEntries(
    Object.entries(members).map(([name, member]) => {
      const visitors = member.visitors(clients);
      open.push(...visitors);
      const turn = async (): Promise<ChatRound> => {
        const before = member.usage().cpuMs;
        const loop = await closedLoop(visitors, (visitor) => visitor.chat(), { ms, spreadMs });
        return { ...loop, cpuMsEach: (member.usage().cpuMs - before) / loop.results.length };
      };
      return [name, turn];
    }),
  );
  try {
    await interleave(turns, 1);
    return await interleave(turns, rounds);
  } finally {
    await Promise.all(open.map((visitor) => visitor.close()));
  }
}
