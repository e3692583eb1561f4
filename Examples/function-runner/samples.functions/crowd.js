// Takes memory in processes of its own, one of them in a session of its own. Each would stop at 120
// MiB.

const { spawn } = require("node:child_process");

const program = "const all = []; setInterval(() => all.length < 15 && all.push(Buffer.alloc(8 << 20, 1)), 10)";

exports.main = () => {
    for (const detached of [false, true, false]) {
        const { pid } = spawn(process.execPath, ["--eval", program], { detached, stdio: "ignore" });
        console.log(pid);
    }
};
