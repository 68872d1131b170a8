// Bundles the pages' script and stylesheets: `npm run build`, or `npm run watch`.
import { access, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import * as esbuild from "esbuild";
import { COLUMNS, MAX, ROWS } from "./js/editor/layout.js";

const out = "dashboards/static/dashboards/build";

const common = {
  outdir: out,
  bundle: true,
  minify: true,
  target: ["chrome123", "firefox125", "safari17.5"],
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"', __DEV__: "false" },
  metafile: true,
  logLevel: "warning",
};

const page = {
  ...common,
  entryPoints: [
    { in: "dashboards/frontend/js/report.js", out: "report" },
    { in: "dashboards/frontend/css/report.css", out: "report" },
    { in: "dashboards/frontend/js/start.js", out: "start" },
    { in: "dashboards/frontend/css/start.css", out: "start" },
    { in: "dashboards/frontend/js/admin.js", out: "admin" },
    { in: "dashboards/frontend/css/admin.css", out: "admin" },
    { in: "dashboards/frontend/js/shop.js", out: "shop" },
    { in: "dashboards/frontend/css/shop.css", out: "shop" },
  ],
  format: "iife",
};

/** For pages of other sites, whose visitors have older browsers than people who read reports. */
const beacon = {
  ...common,
  target: ["es2020"],
  entryPoints: [{ in: "dashboards/frontend/js/beacon.js", out: "beacon" }],
  format: "iife",
};

/** Loaded when somebody modifies a tab. */
const editor = {
  ...common,
  entryPoints: [{ in: "dashboards/frontend/js/editor/editor.js", out: "editor" }],
  format: "esm",
};

/** Every place of the grid as a rule: the content policy allows no style attributes. */
const places = {
  name: "places",
  setup(build) {
    build.onResolve({ filter: /^places\.css$/ }, ({ path }) => ({ path, namespace: "places" }));
    build.onLoad({ filter: /.*/, namespace: "places" }, () => ({
      loader: "css",
      contents: [
        ...rules("x", 0, COLUMNS - 1, (x) => `grid-column-start:${x + 1}`),
        ...rules("y", 0, ROWS - 1, (y) => `grid-row-start:${y + 1}`),
        ...rules("w", 1, COLUMNS, (w) => `grid-column-end:span ${w}`),
        ...rules("h", 1, MAX.h, (h) => `grid-row-end:span ${h}`),
      ].join(""),
    }));
  },
};

function rules(axis, first, last, style) {
  const values = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return values.map((value) => `[data-${axis}="${value}"]{${style(value)}}`);
}

/**
 * What the kinds of widgets have of scripts and of stylesheets, each in a file of the kind's name:
 * that of its module in dashboards/pictures.
 */
const kinds = {
  name: "kinds",
  setup(build) {
    build.onResolve({ filter: /^kinds\.(js|css)$/ }, ({ path }) => ({ path, namespace: "kinds" }));
    build.onLoad({ filter: /.*/, namespace: "kinds" }, async ({ path }) => {
      const language = extname(path).slice(1);
      const resolveDir = resolve("dashboards/frontend", language);
      const names = await namesIn(resolveDir, language);
      return { loader: language, resolveDir, contents: together[language](names) };
    });
  },
};

const together = {
  js: (names) =>
    [
      ...names.map((name) => `import * as ${name} from "./${name}.js";`),
      `export const kinds = { ${names.join(", ")} };`,
    ].join("\n"),
  css: (names) => names.map((name) => `@import "./${name}.css";`).join("\n"),
};

async function namesIn(folder, language) {
  const modules = (await readdir("dashboards/pictures")).filter((file) =>
    /^[a-z]\w*\.py$/.test(file),
  );
  const names = modules.map((file) => basename(file, ".py")).sort();
  const isThere = (name) =>
    access(`${folder}/${name}.${language}`).then(
      () => true,
      () => false,
    );
  const there = await Promise.all(names.map(isThere));
  return names.filter((_, index) => there[index]);
}

/** Names and licences of every package whose code is in the bundle. */
async function licences(metafile) {
  const inputs = Object.keys(metafile.inputs);
  const used = inputs.map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]);
  const packages = [...new Set(used.filter(Boolean))].sort();
  return Promise.all(packages.map(licence));
}

async function licence(name) {
  const folder = `node_modules/${name}`;
  const { version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const texts = ["LICENSE", "LICENSE.txt", "NOTICE"].map((file) =>
    readFile(`${folder}/${file}`, "utf8").catch(() => ""),
  );
  const text = (await Promise.all(texts)).filter(Boolean).join("\n\n");
  if (!text) throw new Error(`${name} has no licence file`);
  return `${name} ${version}\n\n${text}`;
}

async function saveLicences(metafiles) {
  const inputs = Object.assign({}, ...metafiles.map((metafile) => metafile.inputs));
  const rule = `\n${"-".repeat(80)}\n\n`;
  await writeFile(`${out}/licences.txt`, (await licences({ inputs })).join(rule));
}

await rm(out, { recursive: true, force: true });
const contexts = await Promise.all(
  [page, beacon, editor].map((options) =>
    esbuild.context({ ...options, plugins: [places, kinds] }),
  ),
);
if (process.argv.includes("--watch")) {
  await Promise.all(contexts.map((context) => context.watch()));
} else {
  const results = await Promise.all(contexts.map((context) => context.rebuild()));
  await saveLicences(results.map(({ metafile }) => metafile));
  await Promise.all(contexts.map((context) => context.dispose()));
}
