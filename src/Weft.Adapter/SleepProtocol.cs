namespace Weft.Adapter;

/// <summary>
/// The order in which an engine falls asleep so that no wake-up is lost: a pure state machine. What is posted before the
/// pages trap is seen by the look that follows; what is posted after it rings, and needs no look as long as all pages trap.
/// What another thread leaves before it was told is seen likewise; after that it wakes the engine.
/// </summary>
internal class SleepProtocol
{
    private bool _allTrap, _hasLooked;

    /// <summary>What is to be done now.</summary>
    internal SleepStep Step { get; set; }

    /// <summary>Begins to fall asleep.</summary>
    internal void Begin() => (Step, _allTrap) = (SleepStep.MakePagesTrap, false);

    /// <summary>Something may be there that has not rung: a page was plain, or others were let in.</summary>
    internal virtual void Disturbed() => _hasLooked = false;

    /// <summary>The step is done.</summary>
    /// <param name="outcome">Of <see cref="SleepStep.MakePagesTrap"/>, whether all pages trap; of a look, whether something was found.</param>
    internal void Done(bool outcome)
    {
        if (Step == SleepStep.MakePagesTrap)
            _allTrap = outcome;
        if (Step == SleepStep.LookAgain)
            _hasLooked = _allTrap;
        Step = After(Step, outcome, _allTrap, _hasLooked);
    }

    /// <summary>The step that follows one.</summary>
    protected virtual SleepStep After(SleepStep step, bool outcome, bool allTrap, bool hasLooked) => step switch
    {
        SleepStep.MakePagesTrap => SleepStep.Announce,
        SleepStep.Announce => hasLooked && allTrap ? SleepStep.LookAtMail : SleepStep.LookAgain,
        SleepStep.LookAgain or SleepStep.LookAtMail when !outcome => allTrap ? SleepStep.Wait : SleepStep.WaitShortly,
        _ => SleepStep.StayAwake,
    };
}
