// Allocates memory in several processes, one of them in its own session. Each would stop at 120
// MiB.

const { spawn } = require("node:child_process");

const program = "const all = []; setInterval(() => all.length < 15 && all.push(Buffer.alloc(8 << 20, 1)), 10)";

exports.main = () => {
    for (const detached of [false, true, false]) {
        const { pid } = spawn(process.execPath, ["--eval", program], { detached, stdio: "ignore" });
        console.log(pid);
    }
};
