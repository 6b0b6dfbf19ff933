using System.Runtime.InteropServices;

namespace Weft.Native;

/// <summary>What libc is needed for: two calls before <see cref="HostStubs"/> exist, and starting a process, which managed code can't do in steps.</summary>
internal static partial class LibC
{
    [LibraryImport("libc", EntryPoint = "mmap")]
    internal static partial nint Mmap(nint address, nint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    internal static partial int Mprotect(nint address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    internal static partial int Spawn(nint processId, nint path, nint actions, nint attributes, nint arguments, nint environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    internal static partial int InitializeSpawnAttributes(nint attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    internal static partial int SetSpawnFlags(nint attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    internal static partial int SetSpawnMask(nint attributes, nint mask);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    internal static partial int InitializeSpawnActions(nint actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    internal static partial int AddSpawnDuplicate(nint actions, int descriptor, int newDescriptor);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen")]
    internal static partial int AddSpawnOpen(nint actions, int descriptor, nint path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    internal static partial int DestroySpawnActions(nint actions);
}
