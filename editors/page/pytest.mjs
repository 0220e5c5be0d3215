// Tests in the Python of the browser, on Node: `node pytest.mjs ROOT SITE ARGUMENTS…`; SITE is the
// folder of packages in which pytest is.
import { loadPyodide } from "pyodide";

const [root, site, ...given] = process.argv.slice(2);
const python = await loadPyodide();
for (const [place, folder] of [["/repo", root], ["/site", site]]) {
  python.FS.mkdirTree(place);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, place);
}
python.globals.set("given", given);
// Of the packages only those that pytest and the checker need: others are for another machine.
process.exitCode = python.runPython(`
import importlib.util, os, sys
sys.dont_write_bytecode = True
class Found:
    def find_spec(self, name, path=None, target=None):
        if path is None and name in ("_pytest", "iniconfig", "lark", "packaging", "pluggy", "pygments", "pytest"):
            return importlib.machinery.PathFinder.find_spec(name, ["/site"])
sys.meta_path.append(Found())
sys.path.insert(0, "/repo")
os.chdir("/repo")
import pytest
int(pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--light", *given]))
`);
