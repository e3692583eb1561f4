import Testing

@testable import StintService

@Suite("What everybody waits for at the start", .timeLimit(.minutes(1)))
struct MilestoneTests {
    @Test("All who wait go on when it is reached, and whoever comes later does not wait")
    func reached() async {
        let milestone = Milestone()
        let answers = await withTaskGroup(of: Bool.self) { tasks in
            for _ in 0..<10 { tasks.addTask { await milestone.wait(within: .seconds(600)) } }
            milestone.reach()
            milestone.reach()
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: true, count: 10))
        #expect(await milestone.wait(within: .zero))
    }

    @Test("The wait ends without it when its time is over, and when it is cancelled")
    func unreached() async {
        let milestone = Milestone()
        #expect(await milestone.wait(within: .milliseconds(1)) == false)
        let waiting = Task { await milestone.wait(within: .seconds(600)) }
        waiting.cancel()
        #expect(await waiting.value == false)
    }
}
