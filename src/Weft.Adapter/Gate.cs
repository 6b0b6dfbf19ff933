namespace Weft.Adapter;

/// <summary>
/// The adapter's one lock. The engine's thread holds it for as long as it works and lets control calls in between
/// two turns; so when a control call has it, the engine touches no guest's memory.
/// </summary>
internal sealed class Gate
{
    /// <summary>A waiting call that runs already gets in within this many tries.</summary>
    private const int MostTries = 64, SpinsATry = 8;

    private readonly Lock _lock = new();
    private int _waiting;
    private long _entered;

    /// <summary>The engine has let others in and wants to go on: who comes now leaves it the way for a moment.</summary>
    private volatile bool _isEngineBack;

    /// <summary>Whether somebody wants in. The engine asks between turns.</summary>
    internal bool IsWanted => Volatile.Read(ref _waiting) != 0;

    /// <summary>Enters for a control call.</summary>
    internal Entry Enter()
    {
        Interlocked.Increment(ref _waiting);
        for (int tries = 0; tries < MostTries && _isEngineBack; tries++)
            Thread.SpinWait(SpinsATry);
        _lock.Enter();
        Interlocked.Decrement(ref _waiting);
        Volatile.Write(ref _entered, _entered + 1);
        return new Entry(this);
    }

    /// <summary>The engine takes it.</summary>
    internal void Take() => _lock.Enter();

    /// <summary>The engine leaves it.</summary>
    internal void Leave() => _lock.Exit();

    /// <summary>
    /// The engine lets those in who wait; while they wake up it gives its core away. As many as wait now, so that callers
    /// who come again and again don't keep it from its work.
    /// </summary>
    internal void LetIn(Sleeper sleeper)
    {
        const long napNs = 5000;
        long last = _entered + Volatile.Read(ref _waiting);
        _lock.Exit();
        for (int tries = 0; IsWanted && Volatile.Read(ref _entered) < last; tries++)
            if (tries < MostTries)
                Thread.SpinWait(1);
            else
                sleeper.Doze(napNs);
        _isEngineBack = true;
        _lock.Enter();
        _isEngineBack = false;
    }

    /// <summary>A control call's stay; leave by disposing.</summary>
    internal readonly ref struct Entry(Gate gate)
    {
        /// <summary>Leaves.</summary>
        public void Dispose() => gate._lock.Exit();
    }
}
