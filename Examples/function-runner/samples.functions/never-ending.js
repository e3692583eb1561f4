// Never responds and never yields: only killing its process ends it.

exports.main = () => {
    console.log("begins to count");
    for (let count = 0; ; count += 1);
};
