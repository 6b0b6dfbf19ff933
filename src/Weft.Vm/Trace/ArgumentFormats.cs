using System.Buffers.Binary;
using System.Globalization;

namespace Weft.Vm.Trace;

/// <summary>Writes one argument of a system call; the kinds that <see cref="CallFormats"/> names.</summary>
internal static class ArgumentFormats
{
    private const int CurrentDirectory = -100;

    private static readonly Dictionary<string, Action<TracedCall, int>> Kinds = new()
    {
        ["int"] = static (call, index) => call.Text.Append(CultureInfo.InvariantCulture, $"{(int)call[index]}"),
        ["uint"] = static (call, index) => call.Text.Append(CultureInfo.InvariantCulture, $"{(uint)call[index]}"),
        ["long"] = static (call, index) => call.Text.Append(CultureInfo.InvariantCulture, $"{(long)call[index]}"),
        ["size"] = static (call, index) => call.Text.Append(CultureInfo.InvariantCulture, $"{call[index]}"),
        ["hex"] = static (call, index) => call.Hex(call[index]),
        ["ptr"] = static (call, index) => call.Pointer(call[index]),
        ["mode"] = static (call, index) => call.Text.Append('0').Append(Convert.ToString((int)call[index] & 0xffff, 8)),
        ["fd"] = static (call, index) => call.Text.Append(CultureInfo.InvariantCulture, $"{(int)call[index]}"),
        ["dir"] = AppendDirectory,
        ["path"] = static (call, index) => TraceText.AppendString(call, call[index]),
        ["in"] = static (call, index) => TraceText.AppendBuffer(call, call[index], call[index + 1]),
        ["out"] = AppendOutput,
        ["outpath"] = AppendOutput,
        ["iov"] = static (call, index) => AppendVectors(call, index, true),
        ["iovout"] = static (call, index) => AppendVectors(call, index, false),
        ["sig"] = static (call, index) => call.Text.Append(SignalNames.Of((int)call[index])),
        ["sigset"] = StructureFormats.AppendSignalSet,
        ["sigaction"] = StructureFormats.AppendSignalAction,
        ["time"] = StructureFormats.AppendTime,
        ["outtime"] = StructureFormats.AppendReturnedTime,
        ["sockaddr"] = static (call, index) => StructureFormats.AppendSocketAddress(call, call[index], call[index + 1]),
        ["sockaddrout"] = StructureFormats.AppendReturnedSocketAddress,
        ["pair"] = StructureFormats.AppendPair,
        ["event"] = StructureFormats.AppendPollEvent,
        ["clonebody"] = StructureFormats.AppendCloneArguments,
        ["openhow"] = StructureFormats.AppendOpenHow,
        ["open"] = Flags(Names.Open),
        ["pipeflags"] = Flags(Names.PipeFlags),
        ["fcntl"] = Flags(Names.Fcntl),
        ["at"] = Flags(Names.At),
        ["access"] = Flags(Names.Access),
        ["whence"] = Flags(Names.Whence),
        ["prot"] = Flags(Names.Protection),
        ["map"] = Flags(Names.Map),
        ["remap"] = Flags(Names.Remap),
        ["msync"] = Flags(Names.Sync),
        ["advice"] = Flags(Names.Advice),
        ["memfd"] = Flags(Names.MemFd),
        ["clone"] = Flags(Names.Clone),
        ["futex"] = Flags(Names.Futex),
        ["domain"] = Flags(Names.Domain),
        ["socktype"] = Flags(Names.SocketType),
        ["protocol"] = Flags(Names.IpProtocol),
        ["level"] = Flags(Names.OptionLevel),
        ["sockopt"] = AppendSocketOption,
        ["msg"] = Flags(Names.Message),
        ["shut"] = Flags(Names.Shutdown),
        ["how"] = Flags(Names.MaskHow),
        ["clock"] = Flags(Names.Clock),
        ["timerflags"] = Flags(Names.TimerAbsolute),
        ["epollop"] = Flags(Names.PollOperation),
        ["eventflags"] = Flags(Names.EventFlags),
        ["cloexec"] = Flags(Names.CloseOnExec),
        ["prctl"] = Flags(Names.ProcessControl),
        ["arch"] = Flags(Names.ArchControl),
        ["resource"] = Flags(Names.Resource),
        ["membarrier"] = Flags(Names.Barrier),
        ["random"] = Flags(Names.Random),
        ["ioctl"] = Flags(Names.Ioctl),
    };

    /// <summary>The writer of a kind.</summary>
    internal static Action<TracedCall, int> Of(string kind) => Kinds[kind];

    private static Action<TracedCall, int> Flags(FlagNames names) => (call, index) => names.Append(call.Text, (uint)call[index]);

    private static void AppendDirectory(TracedCall call, int index)
    {
        int descriptor = (int)call[index];
        if (descriptor == CurrentDirectory)
            call.Text.Append("AT_FDCWD");
        else
            call.Text.Append(CultureInfo.InvariantCulture, $"{descriptor}");
    }

    /// <summary>What the call wrote: as long as its result says.</summary>
    private static void AppendOutput(TracedCall call, int index)
    {
        if (call.Succeeded)
            TraceText.AppendBuffer(call, call[index], (ulong)call.Value);
        else
            call.Pointer(call[index]);
    }

    /// <summary>Options have names at the level of sockets only.</summary>
    private static void AppendSocketOption(TracedCall call, int index)
    {
        const ulong socketLevel = 1;
        if (call[index - 1] == socketLevel)
            Names.SocketOption.Append(call.Text, (uint)call[index]);
        else
            call.Text.Append(CultureInfo.InvariantCulture, $"{(int)call[index]}");
    }

    private static void AppendVectors(TracedCall call, int index, bool showsContent)
    {
        const int mostShown = 4, vectorBytes = 16;
        Span<byte> vector = stackalloc byte[vectorBytes];
        ulong count = call[index + 1], written = call.Succeeded ? (ulong)call.Value : 0;
        if (count == 0 || call[index] == 0 || !call.Memory.TryRead(call[index], vector))
        {
            call.Pointer(call[index]);
            return;
        }
        call.Text.Append('[');
        for (ulong item = 0; item < Math.Min(count, mostShown); item++)
        {
            if (!call.Memory.TryRead(call[index] + item * vectorBytes, vector))
                break;
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(vector), length = BinaryPrimitives.ReadUInt64LittleEndian(vector[8..]);
            call.Text.Append(item == 0 ? "{iov_base=" : ", {iov_base=");
            ulong shown = showsContent ? length : Math.Min(length, written);
            if (showsContent || call.Succeeded)
                TraceText.AppendBuffer(call, address, shown);
            else
                call.Pointer(address);
            written -= Math.Min(written, length);
            call.Text.Append(CultureInfo.InvariantCulture, $", iov_len={length}}}");
        }
        call.Text.Append(count > mostShown ? ", …]" : "]");
    }
}
