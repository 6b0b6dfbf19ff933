using System.Collections.Concurrent;
using Weft.Linux;
using Weft.Linux.Signals;
using Weft.Native;

namespace Weft.Vm.Trace;

/// <summary>Prints --trace: a line a system call, signal and exit.</summary>
/// <remarks>Thread-safe. A line is one write, made on the thread that answered the call.</remarks>
internal sealed class Tracer : ISystemCallObserver
{
    private readonly OutputFile _output;
    private readonly ConcurrentDictionary<GuestThread, (ulong Number, SyscallArguments Arguments)> _open = new();
    private int _lastSignal;

    internal Tracer(OutputFile output)
    {
        _output = output;
        HostTime.IsMeasured = true;
    }

    /// <inheritdoc/>
    public void Entering(GuestThread thread, ulong number, in SyscallArguments arguments)
    {
        if (CallFormats.NeverReturns(number))
            Print(TraceFormatter.OpenCall(thread.ThreadId, number, arguments, MemoryOf(thread)));
        else
            _open[thread] = (number, arguments);
    }

    /// <inheritdoc/>
    public void Answered(GuestThread thread, ulong number, in SyscallArguments arguments, SyscallResult result, in CallTimes times)
    {
        if (CallFormats.NeverReturns(number))
            return;
        _open.TryRemove(thread, out _);
        Print(TraceFormatter.Call(thread.ThreadId, number, arguments, result, times, MemoryOf(thread)));
    }

    /// <inheritdoc/>
    public void SignalDelivered(GuestThread thread, in SignalInfo info)
    {
        _lastSignal = info.Number;
        Print(TraceFormatter.Signal(thread.ThreadId, info));
    }

    /// <summary>The thread executes another program: the call returns 0 to nobody.</summary>
    internal void Replaced(GuestThread thread)
    {
        if (_open.TryRemove(thread, out (ulong Number, SyscallArguments Arguments) call))
            Print(TraceFormatter.Call(thread.ThreadId, call.Number, call.Arguments, SyscallResult.Success, default, MemoryOf(thread)));
    }

    /// <summary>The VM ends: tells what other threads were waiting in, and the status.</summary>
    internal void End(int status)
    {
        foreach ((GuestThread thread, (ulong number, SyscallArguments arguments)) in _open)
            Print(TraceFormatter.OpenCall(thread.ThreadId, number, arguments, MemoryOf(thread)));
        Print(TraceFormatter.End((int)HostStubs.CallQuick(SystemCall.Gettid), status, _lastSignal));
    }

    private static GuestTraceMemory MemoryOf(GuestThread thread) => new(thread.Memory);

    private void Print(string line) => _output.Write(line + "\n");
}
