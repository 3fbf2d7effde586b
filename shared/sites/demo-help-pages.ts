/** A help page of the demo shop. */
interface HelpPage {
  /** Path of its address. */
  path: string;
  /** File in `services/widget/demo`. */
  file: string;
  /** Id of its source of knowledge. Fixed, so that it is added once. */
  sourceId: string;
}

/** The help pages of the demo shop, which are also what its assistant knows. */
export const demoHelpPages: readonly HelpPage[] = [
  page("returns", "0192f0c4-0000-7000-8000-000000000001"),
  page("delivery", "0192f0c4-0000-7000-8000-000000000002"),
  page("sizes", "0192f0c4-0000-7000-8000-000000000003"),
  page("care", "0192f0c4-0000-7000-8000-000000000004"),
  page("payment", "0192f0c4-0000-7000-8000-000000000005"),
];

function page(name: string, sourceId: string): HelpPage {
  return { path: `/help/${name}`, file: `help/${name}.html`, sourceId };
}
