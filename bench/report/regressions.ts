import { type Figure, judge, type Target } from "../figure.ts";
import { describeNumber } from "./table.ts";

/** A target that was met better in the recorded run. */
export interface Regression {
  /** Id of the figure and its target. */
  id: string;
  figure: Figure;
  text: string;
}

/** Sufficient share of the recorded score: machines are noisy, even in ratios. */
const enough = 0.8;
/** Units that depend on the machine as much as on the code; ratios, bytes and counts do not. */
const ofTheMachine = new Set(["s", "ms", "/s"]);

/** Compares a run with the recorded one. Figures of only one of them are left out. */
export function findRegressions(figures: readonly Figure[], recorded: readonly Figure[]): Regression[] {
  const before = new Map(recorded.map((figure) => [figure.id, figure]));
  return figures.flatMap((figure) => {
    const earlier = before.get(figure.id);
    if (earlier === undefined) return [];
    return (figure.targets ?? [])
      .filter(({ of }) => of !== undefined || !ofTheMachine.has(figure.unit))
      .flatMap((target) => compare(figure, earlier, target));
  });
}

function compare(figure: Figure, earlier: Figure, target: Target): Regression[] {
  const now = judge(figure, target);
  const then = judge(earlier, target);
  if (now === undefined || then === undefined || now.score >= enough * then.score) return [];
  const { contender, of } = target;
  const share = of === undefined ? "" : ` × ${of}`;
  return [
    {
      id: `${figure.id}/${contender}/${of ?? ""}`,
      figure,
      text: `${figure.what}: ${contender} ${describeNumber(now.measured)}${share}, recorded ${describeNumber(then.measured)}`,
    },
  ];
}
