namespace Weft.Linux;

/// <summary>Why a vCPU came back to the VMM, as statistics tell it.</summary>
public enum ExitReason
{
    /// <summary>A system call that neither the stub nor the attendant answered.</summary>
    SystemCall,

    /// <summary>A page fault: a page to be filled in, or a fault of the program.</summary>
    PageFault,

    /// <summary>Another exception of the processor.</summary>
    Exception,

    /// <summary>A kick: a signal, or another thread's wish.</summary>
    Interrupted,

    /// <summary>The page behind an access can't be had.</summary>
    MemoryError,

    /// <summary>One that Weft doesn't know.</summary>
    Unsupported,
}
