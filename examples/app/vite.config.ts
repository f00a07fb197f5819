import { defineConfig } from "vite";

export default defineConfig({
  // Relative addresses: the files work in any folder of any host.
  base: "./",
  // A file that is not there is a 404, not the page once more: amplify_outputs.json is looked for.
  appType: "mpa",
  // One page of one library: it is not worth splitting.
  build: { chunkSizeWarningLimit: 400 },
});
