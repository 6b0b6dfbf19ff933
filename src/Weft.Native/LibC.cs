using System.Runtime.InteropServices;

namespace Weft.Native;

/// <summary>The two libc calls needed before <see cref="HostStubs"/> exist.</summary>
internal static partial class LibC
{
    [LibraryImport("libc", EntryPoint = "mmap")]
    internal static partial nint Mmap(nint address, nint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    internal static partial int Mprotect(nint address, nint length, int protection);
}
