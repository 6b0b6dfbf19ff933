namespace Weft.Adapter;

/// <summary>A VM's doorbell page as the engine drives it. Used by one thread at a time.</summary>
public interface IDoorbell
{
    /// <summary>An eventfd that counts up at each write to the page while it traps. Owned by the doorbell.</summary>
    int EventDescriptor { get; }

    /// <summary>
    /// Asks for a page that traps, or for plain memory. True when that is in force. False when it is not yet: the VM
    /// has been asked and did not answer within some milliseconds (it may be stopped); the next call with the same
    /// value takes up its late answer, and waits no more.
    /// </summary>
    bool SetTrapping(bool isTrapping);
}
