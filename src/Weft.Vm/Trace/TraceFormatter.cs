using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Weft.Linux;
using Weft.Linux.Signals;
using Weft.Native;

namespace Weft.Vm.Trace;

/// <summary>The lines of --trace, much as strace writes them. Without state: any thread may call.</summary>
public static class TraceFormatter
{
    /// <summary>An answered call: <c>[tid] name(arguments) = result &lt;way, time&gt;</c>, without the line's end.</summary>
    public static string Call(int threadId, ulong number, in SyscallArguments arguments, SyscallResult result, in CallTimes times, ITraceMemory memory)
    {
        StringBuilder text = Begin(threadId, number, arguments, result, memory);
        text.Append(" = ");
        AppendResult(text, number, result);
        AppendTimes(text, times);
        return text.ToString();
    }

    /// <summary>A call that never returns, or that had not when the program ended.</summary>
    public static string OpenCall(int threadId, ulong number, in SyscallArguments arguments, ITraceMemory memory) =>
        Begin(threadId, number, arguments, null, memory).Append(CallFormats.NeverReturns(number) ? " = ?" : " = ? <unfinished>").ToString();

    /// <summary>A signal's delivery.</summary>
    public static string Signal(int threadId, in SignalInfo info)
    {
        string name = SignalNames.Of(info.Number);
        string origin = SignalNames.IsFault(info.Number) && info.Code > 0
            ? string.Create(CultureInfo.InvariantCulture, $"si_addr=0x{info.First:x}")
            : string.Create(CultureInfo.InvariantCulture, $"si_pid={(uint)info.First}, si_uid={info.First >> 32}");
        return string.Create(CultureInfo.InvariantCulture,
            $"[{threadId}] --- {name} {{si_signo={name}, si_code={SignalNames.Code(info.Number, info.Code)}, {origin}}} ---");
    }

    /// <summary>The program's end.</summary>
    /// <param name="threadId">The thread that ended it.</param>
    /// <param name="status">The status by a shell's convention.</param>
    /// <param name="lastSignal">The signal delivered last: a status of 128 more means that it killed the program.</param>
    public static string End(int threadId, int status, int lastSignal)
    {
        const int signalStatus = 128;
        return lastSignal != 0 && status == signalStatus + lastSignal
            ? string.Create(CultureInfo.InvariantCulture, $"[{threadId}] +++ killed by {SignalNames.Of(lastSignal)} +++")
            : string.Create(CultureInfo.InvariantCulture, $"[{threadId}] +++ exited with {status} +++");
    }

    private static StringBuilder Begin(int threadId, ulong number, in SyscallArguments arguments, SyscallResult? result, ITraceMemory memory)
    {
        StringBuilder text = new(160);
        text.Append(CultureInfo.InvariantCulture, $"[{threadId}] ").Append(SystemCallNames.Of(number)).Append('(');
        TracedCall call = new(text, arguments, result, memory);
        Action<TracedCall, int>[] writers = CallFormats.Of(number);
        for (int index = 0; index < writers.Length; index++)
        {
            if (index > 0)
                text.Append(", ");
            writers[index](call, index);
        }
        return text.Append(')');
    }

    private static void AppendResult(StringBuilder text, ulong number, SyscallResult result)
    {
        if (result == SyscallResult.RegistersSet)
            text.Append('?');
        else if (result.IsRestart)
            text.Append("? ERESTARTSYS (interrupted by a signal)");
        else if (result.IsError)
            text.Append("-1 ").Append(result.Error).Append(" (").Append(Marshal.GetPInvokeErrorMessage((int)result.Error)).Append(')');
        else if (CallFormats.ReturnsAddress(number))
            text.Append("0x").Append(result.Value.ToString("x", CultureInfo.InvariantCulture));
        else
            text.Append(CultureInfo.InvariantCulture, $"{result.Value}");
    }

    private static void AppendTimes(StringBuilder text, in CallTimes times)
    {
        string way = times.Way switch { CallWays.Attendant => "attendant", CallWays.Stub => "stub", _ => "exit" };
        text.Append(" <").Append(way);
        if (times.Way == CallWays.None)
            AppendTime(text.Append(' '), times.ExitTicks);
        AppendTime(text.Append(", handler "), times.HandlerTicks);
        AppendTime(text.Append(", host "), times.HostTicks);
        text.Append('>');
    }

    private static void AppendTime(StringBuilder text, long ticks)
    {
        const double slow = 1e4;
        double microseconds = ticks * (1e6 / Stopwatch.Frequency);
        if (microseconds < slow)
            text.Append(CultureInfo.InvariantCulture, $"{microseconds:0.0}us");
        else
            text.Append(CultureInfo.InvariantCulture, $"{microseconds / 1000:0.0}ms");
    }
}
