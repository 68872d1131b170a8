// Bundles the pages' script and stylesheets: `npm run build`, or `npm run watch`.
import { readFile, rm, writeFile } from "node:fs/promises";
import * as esbuild from "esbuild";

const out = "dashboards/static/dashboards/build";

const options = {
  entryPoints: [
    { in: "dashboards/frontend/js/report.js", out: "report" },
    { in: "dashboards/frontend/css/report.css", out: "report" },
    { in: "dashboards/frontend/css/admin.css", out: "admin" },
  ],
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome123", "firefox125", "safari17.5"],
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"', __DEV__: "false" },
  metafile: true,
  logLevel: "warning",
};

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

const saveLicences = {
  name: "licences",
  setup(build) {
    build.onEnd(async ({ metafile }) => {
      if (!metafile) return;
      const rule = `\n${"-".repeat(80)}\n\n`;
      await writeFile(`${out}/licences.txt`, (await licences(metafile)).join(rule));
    });
  },
};

await rm(out, { recursive: true, force: true });
const context = await esbuild.context({ ...options, plugins: [saveLicences] });
if (process.argv.includes("--watch")) {
  await context.watch();
} else {
  await context.rebuild();
  await context.dispose();
}
