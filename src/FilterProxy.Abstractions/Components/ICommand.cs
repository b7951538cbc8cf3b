namespace FilterProxy;

/// <summary>A command that a plugin brings to the program, as <c>filterproxy script test routes.js</c>. Made without options.</summary>
public interface ICommand
{
    /// <summary>Runs it.</summary>
    /// <param name="arguments">What was written after its name.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="cancel">The program was told to end.</param>
    /// <returns>The exit code: 0 done, 1 a wrong command line, 2 what was checked has errors.</returns>
    ValueTask<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, CancellationToken cancel);
}
