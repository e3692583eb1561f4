// How services that act every few seconds wait for their next turn.

import ServiceLifecycle

/// Waits until `instant`, or until the service is to stop.
func pause(until instant: ContinuousClock.Instant) async {
    // An early end is the only error of a sleep.
    try? await cancelWhenGracefulShutdown { try await Task.sleep(until: instant) }
}
