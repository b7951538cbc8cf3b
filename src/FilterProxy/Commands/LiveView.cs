using Spectre.Console;
using Spectre.Console.Rendering;

namespace FilterProxy.Host.Commands;

/// <summary>
/// A terminal that is taken over for something shown again and again. Every look is drawn whole, for the size the terminal has by then;
/// afterwards what was there before is back, with the last look below it.
/// </summary>
internal sealed class LiveView : IDisposable
{
    private const string Enter = "\e[?1049h\e[?25l", Leave = "\e[?25h\e[?1049l", Home = "\e[H", RestOfScreen = "\e[J";
    private IRenderable? _last;

    /// <param name="first">What is shown until there is something to see, and does not stay afterwards.</param>
    public LiveView(IRenderable first)
    {
        Console.Out.Write(Enter);
        Draw(first);
    }

    /// <summary>The lines there is room for.</summary>
    public static int Height => AnsiConsole.Profile.Height;

    public void Show(IRenderable view)
    {
        _last = view;
        Draw(view);
    }

    public void Dispose()
    {
        Console.Out.Write(Leave);
        if (_last is not null)
        {
            AnsiConsole.Write(_last);
        }
    }

    // Written at once: a screen that is cleared and filled piece by piece flickers.
    private static void Draw(IRenderable view)
    {
        var lines = Render(view).TrimEnd('\n').Split('\n').Take(Height);
        Console.Out.Write($"{Home}{RestOfScreen}{string.Join('\n', lines)}");
    }

    private static string Render(IRenderable view)
    {
        var text = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.Yes });
        console.Profile.Capabilities.ColorSystem = AnsiConsole.Profile.Capabilities.ColorSystem;
        console.Profile.Width = AnsiConsole.Profile.Width;
        console.Write(view);
        return text.ToString();
    }
}
