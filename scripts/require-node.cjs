// Plain CommonJS, so that a Node too old to read our TypeScript still gets here and can say what is wrong.
"use strict";

const major = Number(process.versions.node.split(".")[0]);

if (major < 24) {
  console.error(
    "Parley needs Node 24 or newer; this is " +
      process.version +
      " (" +
      process.execPath +
      ").\n" +
      "npm installs it: run `npm ci` again, and start Parley with `npm start`, `npm run api`, `npm test` …\n" +
      'If node_modules/.bin/node is still missing, npm did not run the install script of the package "node":\n' +
      "run `npm install-scripts approve node` and `npm rebuild node`, or install Node 24 yourself (https://nodejs.org).",
  );
  process.exit(1);
}
