// Tests in the Python of the browser, on Node: `node pytest.mjs ROOT SITE ARGUMENTS…`; SITE is the
// folder of packages in which pytest is.
import { loadPyodide } from "pyodide";

const [root, site, ...given] = process.argv.slice(2);
const python = await loadPyodide();
for (const [place, folder] of [["/repo", root], ["/site", site]]) {
  python.FS.mkdirTree(place);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, place);
}
python.globals.set("given", python.toPy(given));
process.exitCode = python.runPython(`
import importlib.machinery, os, sys

# Others in that folder may be compiled for this machine.
PLAIN = {"_pytest", "iniconfig", "lark", "packaging", "pluggy", "py", "pygments", "pytest"}

class Plain:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is None and name in PLAIN:
            return importlib.machinery.PathFinder.find_spec(name, ["/site"])

sys.dont_write_bytecode = True
sys.meta_path.append(Plain)
sys.path.insert(0, "/repo")
os.chdir("/repo")
import pytest
int(pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--light", *given]))
`);
