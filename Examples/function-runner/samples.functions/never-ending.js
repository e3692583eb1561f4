// Never answers, and never lets go of the processor: only its process' end ends it.

exports.main = () => {
    console.log("begins to count");
    for (let count = 0; ; count += 1);
};
