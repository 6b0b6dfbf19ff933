namespace Weft.Adapter;

/// <summary>
/// A lock between polling threads, held for one request or one entry at most. It is free of charge where there is one
/// thread. Not reentrant; a field, never a copy.
/// </summary>
/// <remarks>
/// Taking it is a full fence, leaving it a release. Order of those that are taken together: the links', a queue pair's,
/// then one of a shared receive queue or a completion queue. Control calls take none: they have the gate.
/// </remarks>
/// <param name="isNeeded">Whether there is more than one thread.</param>
internal struct ThreadLock(bool isNeeded)
{
    private const int SpinsBeforeYield = 64;
    private readonly bool _isNeeded = isNeeded;
    private int _isTaken;

    internal void Enter()
    {
        if (_isNeeded)
            Take();
    }

    internal void Leave()
    {
        if (_isNeeded)
            Volatile.Write(ref _isTaken, 0);
    }

    private void Take()
    {
        for (int tries = 0; Volatile.Read(ref _isTaken) != 0 || Interlocked.CompareExchange(ref _isTaken, 1, 0) != 0; tries++)
            if (tries < SpinsBeforeYield)
                Thread.SpinWait(1);
            else
                Thread.Yield();
    }
}
