namespace Weft.Adapter.Tests.Protocols;

/// <summary>An engine that falls asleep by a protocol, and VMs that post and stop, in an order of small steps that a seed decides.</summary>
internal sealed class SleepSimulation
{
    private const int Vms = 3, Posts = 4, Steps = 2_000, SettlingSteps = 4_000, RoundsUntilSleep = 2, PatienceSteps = 30;
    private readonly Random _random;
    private readonly SleepProtocol _protocol;
    private readonly bool _waitsForAnswers;
    private readonly SimulatedVm[] _vms = new SimulatedVm[Vms];
    private int _rings, _at, _emptyLooks, _waited;
    private bool _hasAsked, _isFound, _mayStop = true;

    /// <param name="seed">Decides the order of all steps.</param>
    /// <param name="protocol">The protocol under test.</param>
    /// <param name="waitsForAnswers">Whether the engine waits until a VMM says that its page traps.</param>
    internal SleepSimulation(int seed, SleepProtocol protocol, bool waitsForAnswers = true)
    {
        (_random, _protocol, _waitsForAnswers) = (new Random(seed), protocol, waitsForAnswers);
        for (int index = 0; index < Vms; index++)
            _vms[index] = new SimulatedVm(Posts);
        _protocol.Step = SleepStep.StayAwake;
    }

    /// <summary>How often the engine fell asleep for good.</summary>
    internal int Sleeps { get; private set; }

    /// <summary>Runs. False when the engine sleeps for ever beside a request that was posted.</summary>
    internal bool Run()
    {
        for (int step = 0; step < Steps; step++)
            Step();
        _mayStop = false;
        foreach (SimulatedVm vm in _vms)
            vm.IsStopped = false;
        for (int step = 0; step < SettlingSteps; step++)
            Step();
        Assert.True(Array.TrueForAll(_vms, vm => vm.IsDone), "the simulation is too short");
        return Array.TrueForAll(_vms, vm => vm.Taken == vm.Posted) && _protocol.Step == SleepStep.Wait;
    }

    private void Step()
    {
        SimulatedVm vm = _vms[_random.Next(Vms)];
        if (_mayStop && _random.Next(100) == 0)
            vm.IsStopped = !vm.IsStopped;
        if (_random.Next(3) == 0)
            EngineStep();
        else if (!vm.IsStopped && vm.Step(_random))
            _rings++;
    }

    private void EngineStep()
    {
        switch (_protocol.Step)
        {
            case SleepStep.StayAwake:
                Work();
                break;
            case SleepStep.MakePagesTrap:
                MakePagesTrap();
                break;
            case SleepStep.Fence:
                _protocol.Done(true);
                break;
            case SleepStep.LookAgain:
                _isFound |= Look();
                if (_at == 0)
                    _protocol.Done(_isFound);
                break;
            default:
                if (_rings > 0 || _protocol.Step == SleepStep.WaitShortly && _random.Next(20) == 0)
                {
                    _rings = 0;
                    _protocol.Done(true);
                }
                break;
        }
    }

    private void Work()
    {
        if (Look())
        {
            _emptyLooks = 0;
            // Who goes on posting gets its plain page back, sometimes.
            if (_random.Next(2) == 0)
                _vms[_random.Next(Vms)].AskToBePlain();
        }
        else if (++_emptyLooks >= RoundsUntilSleep * Vms)
        {
            (_emptyLooks, _at, _hasAsked, _isFound) = (0, 0, false, false);
            _protocol.Begin();
        }
    }

    /// <summary>Looks at one VM's queue. True when something was posted there.</summary>
    private bool Look()
    {
        SimulatedVm vm = _vms[_at];
        _at = (_at + 1) % Vms;
        bool isFound = vm.Posted > vm.Taken;
        vm.Taken = vm.Posted;
        return isFound;
    }

    private void MakePagesTrap()
    {
        if (!_hasAsked)
        {
            foreach (SimulatedVm vm in _vms)
                if (!vm.TrapsSurely)
                    vm.AskToTrap();
            (_hasAsked, _waited) = (true, 0);
        }
        bool all = Array.TrueForAll(_vms, vm => vm.HasAnswered);
        if (_waitsForAnswers && !all && (!HasStopped() || ++_waited < PatienceSteps))
            return;
        foreach (SimulatedVm vm in _vms)
            vm.TrapsSurely = !_waitsForAnswers || vm.HasAnswered;
        Sleeps += all ? 1 : 0;
        _protocol.Done(!_waitsForAnswers || all);
    }

    private bool HasStopped() => Array.Exists(_vms, vm => vm.IsStopped && !vm.HasAnswered);
}
