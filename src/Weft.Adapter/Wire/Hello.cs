using System.Text;

namespace Weft.Adapter.Wire;

/// <summary>What the first frame of a connection says and hands over.</summary>
internal static class Hello
{
    /// <summary>Changes with any change of frames or of the contract's structures.</summary>
    internal const ulong Version = 1;

    /// <summary>The arena's memfd, the doorbell's eventfd and the doorbell's control socket, in this order.</summary>
    internal const int Descriptors = 3;

    private const int MostTextBytes = 256;

    /// <summary>Puts the texts behind a header.</summary>
    internal static FrameHeader Write(VmIdentity identity, ulong arenaBytes, Span<byte> payload)
    {
        int name = Put(identity.Name, payload);
        int program = Put(identity.Program, payload[name..]);
        return new FrameHeader
        {
            Verb = WireVerb.Hello,
            LengthBytes = (uint)(name + program),
            First = Version,
            Second = arenaBytes,
            Third = (uint)name | (ulong)program << 32,
        };
    }

    /// <summary>Reads and checks them. Null when they make no sense.</summary>
    internal static VmIdentity? Read(in FrameHeader header, ReadOnlySpan<byte> payload, int processId)
    {
        uint name = (uint)header.Third, program = (uint)(header.Third >> 32);
        return name <= MostTextBytes && program <= MostTextBytes && name + program == header.LengthBytes
            ? new VmIdentity(processId, Text(payload[..(int)name]), Text(payload.Slice((int)name, (int)program)))
            : null;
    }

    private static int Put(string text, Span<byte> destination)
    {
        // A character takes three bytes at most, so none is ever cut.
        ReadOnlySpan<char> head = text.AsSpan(0, Math.Min(text.Length, MostTextBytes / 3));
        return Encoding.UTF8.GetBytes(head, destination);
    }

    /// <summary>For terminals and logs: no control characters.</summary>
    private static string Text(ReadOnlySpan<byte> bytes) =>
        string.Create(Encoding.UTF8.GetCharCount(bytes), Encoding.UTF8.GetString(bytes), static (result, text) =>
        {
            for (int index = 0; index < result.Length; index++)
                result[index] = char.IsControl(text[index]) ? '?' : text[index];
        });
}
