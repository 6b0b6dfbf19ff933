using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Weft.Vm.Trace;

/// <summary>Writes the structures that arguments point at. Sources: the man pages of the calls; linux/sched.h, linux/openat2.h.</summary>
internal static class StructureFormats
{
    private const int UnixDomain = 1, InternetDomain = 2, Internet6Domain = 10;

    internal static void AppendTime(TracedCall call, int index)
    {
        Span<byte> time = stackalloc byte[16];
        if (call.TryRead(call[index], time))
            call.Text.Append(CultureInfo.InvariantCulture, $"{{tv_sec={Word(time, 0)}, tv_nsec={Word(time, 8)}}}");
    }

    internal static void AppendReturnedTime(TracedCall call, int index)
    {
        if (call.Succeeded)
            AppendTime(call, index);
        else
            call.Pointer(call[index]);
    }

    internal static void AppendPair(TracedCall call, int index)
    {
        Span<byte> pair = stackalloc byte[8];
        if (!call.Succeeded)
            call.Pointer(call[index]);
        else if (call.TryRead(call[index], pair))
            call.Text.Append(CultureInfo.InvariantCulture, $"[{BinaryPrimitives.ReadInt32LittleEndian(pair)}, {BinaryPrimitives.ReadInt32LittleEndian(pair[4..])}]");
    }

    internal static void AppendSignalSet(TracedCall call, int index)
    {
        Span<byte> set = stackalloc byte[8];
        if (call.TryRead(call[index], set))
            AppendSignals(call, (ulong)Word(set, 0));
    }

    /// <summary>struct kernel_sigaction: handler, flags, restorer, mask.</summary>
    internal static void AppendSignalAction(TracedCall call, int index)
    {
        Span<byte> action = stackalloc byte[32];
        if (!call.TryRead(call[index], action))
            return;
        ulong handler = (ulong)Word(action, 0);
        call.Text.Append("{sa_handler=");
        if (handler <= 1)
            call.Text.Append(handler == 0 ? "SIG_DFL" : "SIG_IGN");
        else
            call.Hex(handler);
        call.Text.Append(", sa_mask=");
        AppendSignals(call, (ulong)Word(action, 24));
        call.Text.Append(", sa_flags=");
        Names.ActionFlags.Append(call.Text, (ulong)Word(action, 8));
        call.Text.Append('}');
    }

    internal static void AppendReturnedSocketAddress(TracedCall call, int index)
    {
        Span<byte> length = stackalloc byte[4];
        if (call.Succeeded && call[index] != 0 && call.Memory.TryRead(call[index + 1], length))
            AppendSocketAddress(call, call[index], BinaryPrimitives.ReadUInt32LittleEndian(length));
        else
            call.Pointer(call[index]);
    }

    internal static void AppendSocketAddress(TracedCall call, ulong address, ulong length)
    {
        const int longest = 128;
        Span<byte> all = stackalloc byte[longest];
        Span<byte> bytes = all[..(int)Math.Min(length, longest)];
        if (bytes.Length < 2 || !call.Memory.TryRead(address, bytes))
        {
            call.Pointer(address);
            return;
        }
        int domain = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        call.Text.Append("{sa_family=");
        Names.Domain.Append(call.Text, (ulong)domain);
        switch (domain)
        {
            case UnixDomain:
                call.Text.Append(", sun_path=");
                AppendUnixPath(call, bytes[2..]);
                break;
            case InternetDomain when bytes.Length >= 8:
                call.Text.Append(CultureInfo.InvariantCulture, $", {new IPEndPoint(new IPAddress(bytes[4..8]), Port(bytes))}");
                break;
            case Internet6Domain when bytes.Length >= 24:
                call.Text.Append(CultureInfo.InvariantCulture, $", {new IPEndPoint(new IPAddress(bytes[8..24]), Port(bytes))}");
                break;
        }
        call.Text.Append('}');
    }

    /// <summary>struct epoll_event: packed, 12 bytes.</summary>
    internal static void AppendPollEvent(TracedCall call, int index)
    {
        Span<byte> pollEvent = stackalloc byte[12];
        if (!call.TryRead(call[index], pollEvent))
            return;
        call.Text.Append("{events=");
        Names.PollEvents.Append(call.Text, BinaryPrimitives.ReadUInt32LittleEndian(pollEvent));
        call.Text.Append(", data=");
        call.Hex(BinaryPrimitives.ReadUInt64LittleEndian(pollEvent[4..]));
        call.Text.Append('}');
    }

    /// <summary>struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls.</summary>
    internal static void AppendCloneArguments(TracedCall call, int index)
    {
        Span<byte> body = stackalloc byte[64];
        if (!call.TryRead(call[index], body))
            return;
        call.Text.Append("{flags=");
        Names.Clone.Append(call.Text, (ulong)Word(body, 0));
        call.Text.Append(", stack=");
        call.Pointer((ulong)Word(body, 40));
        call.Text.Append(", stack_size=");
        call.Hex((ulong)Word(body, 48));
        call.Text.Append(", tls=");
        call.Pointer((ulong)Word(body, 56));
        call.Text.Append('}');
    }

    /// <summary>struct open_how: flags, mode, resolve.</summary>
    internal static void AppendOpenHow(TracedCall call, int index)
    {
        Span<byte> how = stackalloc byte[24];
        if (!call.TryRead(call[index], how))
            return;
        call.Text.Append("{flags=");
        Names.Open.Append(call.Text, (ulong)Word(how, 0));
        call.Text.Append(CultureInfo.InvariantCulture, $", mode=0{Convert.ToString(Word(how, 8), 8)}, resolve=0x{Word(how, 16):x}}}");
    }

    private static void AppendSignals(TracedCall call, ulong set)
    {
        // As strace: a nearly full set is told by what it lacks.
        const int mostNamed = 48;
        bool inverted = System.Numerics.BitOperations.PopCount(set) > mostNamed;
        ulong named = inverted ? ~set : set;
        call.Text.Append(inverted ? "~[" : "[");
        for (int signal = 1, count = 0; signal <= 64; signal++)
            if ((named >> (signal - 1) & 1) != 0)
                call.Text.Append(count++ == 0 ? "" : " ").Append(SignalNames.Of(signal).AsSpan(3));
        call.Text.Append(']');
    }

    private static void AppendUnixPath(TracedCall call, ReadOnlySpan<byte> path)
    {
        bool isAbstract = path.Length > 0 && path[0] == 0;
        if (!isAbstract && path.IndexOf((byte)0) is >= 0 and var end)
            path = path[..end];
        call.Text.Append(isAbstract ? "@\"" : "\"");
        TraceText.AppendEscaped(call.Text, isAbstract ? path[1..] : path);
        call.Text.Append('"');
    }

    private static int Port(ReadOnlySpan<byte> address) => BinaryPrimitives.ReadUInt16BigEndian(address[2..]);

    private static long Word(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes[offset..]);
}
