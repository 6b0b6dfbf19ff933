namespace Weft.Adapter.Tests.Protocols;

/// <summary>
/// A VM as the sleep protocol sees it, one small step at a time: its stores wait in the processor's buffer (x86-TSO), and its
/// doorbell page changes its kind only when its processor is called out of the guest.
/// </summary>
internal sealed class SimulatedVm(int posts)
{
    private int _toPost = posts, _buffered;
    private bool _isDoorbellDue, _traps, _mustTrap, _mustBePlain;

    /// <summary>Requests that everybody sees.</summary>
    internal int Posted { get; private set; }

    /// <summary>Requests that the engine took.</summary>
    internal int Taken { get; set; }

    /// <summary>Whether the host has stopped it: it does nothing, and answers nobody.</summary>
    internal bool IsStopped { get; set; }

    /// <summary>Whether the engine knows that the page traps.</summary>
    internal bool TrapsSurely { get; set; }

    /// <summary>Whether the last request to trap is answered.</summary>
    internal bool HasAnswered => !_mustTrap;

    /// <summary>Whether nothing more will come from it.</summary>
    internal bool IsDone => _toPost == 0 && _buffered == 0 && !_isDoorbellDue && !_mustTrap && !_mustBePlain;

    /// <summary>The engine asks for a page that traps; what it asked for before is done first, so that it counts no more.</summary>
    internal void AskToTrap() => (_mustTrap, _mustBePlain) = (true, false);

    /// <summary>The engine asks for a plain page and waits for no answer.</summary>
    internal void AskToBePlain() => (_mustBePlain, TrapsSurely) = (true, false);

    /// <summary>Does one thing. True when a doorbell rang.</summary>
    internal bool Step(Random random)
    {
        switch (random.Next(6))
        {
            case 0 when _mustTrap:
                Drain();
                (_traps, _mustTrap) = (true, false);
                return false;
            case 1 when _mustBePlain:
                (_traps, _mustBePlain) = (false, false);
                return false;
            case 2 when _buffered > 0:
                _buffered--;
                Posted++;
                return false;
            case 3 or 4 when _isDoorbellDue:
                _isDoorbellDue = false;
                if (_traps)
                    // Leaving the guest empties its store buffer.
                    Drain();
                return _traps;
            case 5 when _toPost > 0 && !_isDoorbellDue:
                _toPost--;
                _buffered++;
                _isDoorbellDue = true;
                return false;
            default:
                return false;
        }
    }

    private void Drain()
    {
        Posted += _buffered;
        _buffered = 0;
    }
}
