namespace Weft.Machine;

/// <summary>The guest's few instructions of ours.</summary>
internal static class EntryStubs
{
    /// <summary>out 0x40+vector, al; hlt. The VMM reads the frame and resumes at ring 3.</summary>
    internal static byte[] Exception(int vector) => [0xe6, (byte)(SystemLayout.FirstExceptionPort + vector), 0xf4];
}
