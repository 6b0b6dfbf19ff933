namespace Weft.Adapter;

/// <summary>
/// The order in which an engine falls asleep so that no wake-up is lost: a pure state machine. What is posted before the
/// pages trap is seen by the look that follows; what is posted after it rings.
/// </summary>
internal class SleepProtocol
{
    private bool _allTrap;

    /// <summary>What is to be done now.</summary>
    internal SleepStep Step { get; set; }

    /// <summary>Begins to fall asleep.</summary>
    internal void Begin() => (Step, _allTrap) = (SleepStep.MakePagesTrap, false);

    /// <summary>The step is done.</summary>
    /// <param name="outcome">Of <see cref="SleepStep.MakePagesTrap"/>, whether all pages trap; of <see cref="SleepStep.LookAgain"/>, whether something was found.</param>
    internal void Done(bool outcome)
    {
        if (Step == SleepStep.MakePagesTrap)
            _allTrap = outcome;
        Step = After(Step, outcome, _allTrap);
    }

    /// <summary>The step that follows one.</summary>
    protected virtual SleepStep After(SleepStep step, bool outcome, bool allTrap) => step switch
    {
        SleepStep.MakePagesTrap => SleepStep.Fence,
        SleepStep.Fence => SleepStep.LookAgain,
        SleepStep.LookAgain when !outcome => allTrap ? SleepStep.Wait : SleepStep.WaitShortly,
        _ => SleepStep.StayAwake,
    };
}
