namespace Weft.Machine;

/// <summary>Why a vCPU stopped running the program.</summary>
public enum VcpuExit
{
    /// <summary>A kick or a signal; nothing happened in the guest.</summary>
    Interrupted,

    /// <summary>The program executed syscall; RIP is behind it, RAX the number.</summary>
    SystemCall,

    /// <summary>A processor exception: see <see cref="Vcpu.Vector"/>; RIP as the processor pushed it.</summary>
    Exception,

    /// <summary>The page behind an access can't be had: a file map beyond the file's end, or no memory.</summary>
    MemoryError,

    /// <summary>An exit that ring-3 code can't cause on a sound host: see <see cref="Vcpu.Describe"/>.</summary>
    Unsupported,
}
