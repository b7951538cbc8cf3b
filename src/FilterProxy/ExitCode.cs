namespace FilterProxy.Host;

/// <summary>How the process ends, for supervisors and scripts.</summary>
internal static class ExitCode
{
    /// <summary>Done; for <c>run</c>: stopped in order.</summary>
    public const int Success = 0;

    /// <summary>The command line is wrong, or something nobody foresaw happened.</summary>
    public const int Failure = 1;

    /// <summary>The configuration has errors: starting again does not help before it is mended.</summary>
    public const int Configuration = 2;

    /// <summary>It could not start: an address is taken, a component did not come up.</summary>
    public const int Start = 3;

    /// <summary>A second signal cut the work in flight.</summary>
    public const int HardStop = 4;

    /// <summary>No admin API answers there.</summary>
    public const int Unreachable = 5;

    /// <summary>The admin API did not do it: no token, a wrong one, or nothing of that name.</summary>
    public const int Refused = 6;

    /// <summary>Something was still in flight when the time was up, or nobody waited any longer.</summary>
    public const int NotDrained = 7;

    /// <summary>The table as <c>--help</c> shows it.</summary>
    public const string Help = """
        Exit codes:
          0  done; for run: stopped in order
          1  wrong command line, or an unforeseen failure
          2  the configuration has errors
          3  could not start: an address is taken, a component did not come up
          4  a second signal cut the work in flight
          5  status, top, tail, drain: no admin API answers there
          6  status, top, tail, drain: the admin API refused it
          7  drain: something was still in flight when the time was up or it was interrupted

        Signals while it runs:
          SIGTERM, SIGINT, SIGQUIT  finish the work in flight, then end; the second one cuts it
          SIGHUP                    read the configuration again
        """;
}
