namespace Weft.Machine;

/// <summary>The guest's few instructions of ours.</summary>
internal static class EntryStubs
{
    /// <summary>out 0x20, al; ud2. The VMM sets RIP to what RCX holds, so that the second is never reached.</summary>
    internal static ReadOnlySpan<byte> SystemCall => [0xe6, (byte)SystemLayout.SystemCallPort, 0x0f, 0x0b];

    /// <summary>out 0x40+vector, al; hlt. The VMM reads the frame and resumes at ring 3.</summary>
    internal static byte[] Exception(int vector) => [0xe6, (byte)(SystemLayout.FirstExceptionPort + vector), 0xf4];
}
