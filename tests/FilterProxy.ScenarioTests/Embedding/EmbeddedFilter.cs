using System.ComponentModel.DataAnnotations;

namespace FilterProxy.ScenarioTests.Embedding;

/// <summary>Tells the upstream what a service of the host says.</summary>
[Component("embedded")]
public sealed class EmbeddedFilter(Greeter greeter, EmbeddedOptions options, ComponentContext context) : IRequestFilter
{
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        exchange.Request.Headers.Set("x-greeting", $"{greeter.Greeting} {options.Name} at {context.Place}");
        return new(FilterStatus.Continue);
    }
}

public sealed record EmbeddedOptions
{
    [StringLength(10)]
    public string Name { get; init; } = "you";
}

/// <summary>A service of the host.</summary>
public sealed record Greeter(string Greeting);

/// <summary>Asks for a service that nobody registers.</summary>
[Component("needy")]
public sealed class NeedyFilter(EmbeddedOptions options, Greeter greeter) : IRequestFilter
{
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) => new(options.Name == greeter.Greeting ? FilterStatus.Stop : FilterStatus.Continue);
}
