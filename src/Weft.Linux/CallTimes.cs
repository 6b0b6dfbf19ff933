namespace Weft.Linux;

/// <summary>The way that a system call took and where its time went, in <see cref="System.Diagnostics.Stopwatch"/> ticks.</summary>
/// <param name="Way">The way.</param>
/// <param name="ExitTicks">From KVM's return to the handler: the VMM's own share of an exit. 0 for other ways.</param>
/// <param name="HandlerTicks">In the handler, the host's kernel included.</param>
/// <param name="HostTicks">Of those, in the host's kernel; 0 unless <see cref="Native.HostTime.IsMeasured"/>.</param>
public readonly record struct CallTimes(CallWays Way, long ExitTicks, long HandlerTicks, long HostTicks);
