%% The workloads of workloads.ts in Erlang, but for those that need promises or bounded mailboxes.
%%
%% `erl ... -run savina main SIZE NAME:ACTORS:EACH:OPERATIONS ...` prints a line of JSON for each. The processes of a
%% workload stay for all its passes; the process that calls a pass waits for {done, Count}, what they have counted.
-module(savina).
-export([main/1]).

%% CPU milliseconds of the passes that warm up, and of those that count: as in sample.ts.
-define(WARM_UP, 250).
-define(MEASURED, 300).

main([Size | Tasks]) ->
    lists:foreach(fun(Task) -> sample(Size, string:split(Task, ":", all)) end, Tasks),
    halt(0).

sample(_Size, ["idle", Count]) ->
    io:format("{\"name\":\"idle\",\"idle\":{\"bytes\":~p}}~n", [idle(list_to_integer(Count))]);
sample(Size, [Name, Actors, Each, Operations]) ->
    Sum = list_to_integer(Operations),
    case prepare(Name, list_to_integer(Actors), list_to_integer(Each)) of
        none ->
            io:format("{\"name\":~p,\"measured\":null}~n", [Name]);
        Pass ->
            {WarmUp, Measured} = case Size of "quick" -> {0, 0}; _ -> {?WARM_UP, ?MEASURED} end,
            passes(Pass, Sum, WarmUp),
            {Count, Cpu, Wall} = passes(Pass, Sum, Measured),
            io:format("{\"name\":~p,\"measured\":{\"operations\":~p,\"cpuSeconds\":~p,\"seconds\":~p}}~n",
                      [Name, Count, Cpu / 1000, Wall / 1000])
    end.

passes(Pass, Sum, Least) ->
    {Cpu, _} = statistics(runtime),
    passes(Pass, Sum, Least, 1, Cpu, erlang:monotonic_time(millisecond)).

passes(Pass, Sum, Least, Done, StartCpu, Start) ->
    Sum = Pass(),
    {Now, _} = statistics(runtime),
    case Now - StartCpu of
        Cpu when Cpu < Least -> passes(Pass, Sum, Least, Done + 1, StartCpu, Start);
        Cpu -> {Done * Sum, max(Cpu, 1), max(erlang:monotonic_time(millisecond) - Start, 1)}
    end.

done() -> receive {done, Count} -> Count end.

prepare("pingpong", _, Each) ->
    Main = self(),
    Pong = spawn(fun pong/0),
    Ping = spawn(fun() -> ping(Pong, Main, 0) end),
    fun() -> Ping ! {serve, Each}, done() end;
prepare("counting", _, Each) ->
    Main = self(),
    Counter = spawn(fun() -> counter(Main, 0) end),
    Producer = spawn(fun() -> producer(Counter) end),
    fun() -> Producer ! {produce, Each}, done() end;
prepare("ring", Actors, Each) ->
    Main = self(),
    Hops = Actors * Each,
    Members = [spawn(fun() -> receive {meet, Next} -> member(Next, Main, Hops) end end) || _ <- lists:seq(1, Actors)],
    [First | Rest] = Members,
    [Member ! {meet, Next} || {Member, Next} <- lists:zip(Members, Rest ++ [First])],
    fun() -> First ! {token, 1}, done() end;
prepare("big", Actors, Each) ->
    Main = self(),
    Sink = spawn(fun() -> big_sink(Main, Actors, 0, 0) end),
    Start = fun(Id) -> spawn(fun() -> receive {meet, All} -> worker(Id, All, Sink, seed(Id), 0, 0) end end) end,
    Workers = list_to_tuple([Start(Id) || Id <- lists:seq(0, Actors - 1)]),
    List = tuple_to_list(Workers),
    [Worker ! {meet, Workers} || Worker <- List],
    fun() -> [Worker ! {start, Each} || Worker <- List], done() end;
prepare("chameneos", Actors, Each) ->
    Main = self(),
    Mall = spawn(fun() -> mall(Main, Actors, 0, none, 0, 0) end),
    Creatures = [spawn(fun() -> creature(Mall, Id rem 3, 0) end) || Id <- lists:seq(1, Actors)],
    fun() -> Mall ! {open, Each}, [Creature ! come || Creature <- Creatures], done() end;
prepare("create", _, Each) ->
    Main = self(),
    %% Tens of thousands of messages wait while it spawns: off the heap, or each collection would look at them all.
    Parent = spawn_opt(fun() -> parent(Main, 0, 0) end, [{message_queue_data, off_heap}]),
    fun() -> Parent ! {spawn_all, Each}, done() end;
prepare("fanIn", Actors, Each) ->
    Main = self(),
    Items = Actors * Each,
    Sink = spawn(fun() -> sink(Main, Items, 0) end),
    Sources = [spawn(fun() -> source(Sink) end) || _ <- lists:seq(1, Actors)],
    fun() -> [Source ! {next, Each} || Source <- Sources], done() end;
prepare("fanOut", Actors, Each) ->
    Main = self(),
    Hub = spawn(fun() -> receive {meet, Leaves} -> hub(Leaves, Main, Actors, 0, 0) end end),
    Hub ! {meet, [spawn(fun() -> leaf(Hub, Each, 0) end) || _ <- lists:seq(1, Actors)]},
    fun() -> Hub ! {round, Each}, done() end;
prepare("bank", Actors, Each) ->
    Main = self(),
    Teller = spawn(fun() -> receive {meet, Orders} -> teller(Main, Orders, length(Orders), 0) end end),
    Accounts = list_to_tuple([spawn(fun() -> account(Teller, 1000000) end) || _ <- lists:seq(1, Actors)]),
    Teller ! {meet, orders(Accounts, Actors, Each, seed(Actors))},
    fun() ->
        Teller ! start,
        Count = done(),
        Balances = [call(Account, balance) || Account <- tuple_to_list(Accounts)],
        Sum = Actors * 1000000,
        Sum = lists:sum(Balances),
        Count
    end;
prepare("ask", _, Each) ->
    Echo = spawn(fun() -> echo(0) end),
    fun() -> lockstep(Echo, Each), call(Echo, count) end;
prepare("asks", _, Each) ->
    Echo = spawn(fun() -> echo(0) end),
    fun() -> [in_flight(Echo, 1000) || _ <- lists:seq(1, Each div 1000)], call(Echo, count) end;
prepare(_, _, _) ->
    none.

ping(Pong, Main, Pongs) ->
    receive
        {serve, Rounds} -> Pong ! {ping, self(), Rounds}, ping(Pong, Main, 0);
        {pong, 0} -> Main ! {done, 2 * (Pongs + 1)}, ping(Pong, Main, 0);
        {pong, Left} -> Pong ! {ping, self(), Left}, ping(Pong, Main, Pongs + 1)
    end.

pong() -> receive {ping, From, Left} -> From ! {pong, Left - 1}, pong() end.

producer(Counter) ->
    receive {produce, Count} -> increment(Counter, Count), Counter ! retrieve, producer(Counter) end.

increment(_, 0) -> ok;
increment(Counter, Left) -> Counter ! increment, increment(Counter, Left - 1).

counter(Main, Count) ->
    receive
        increment -> counter(Main, Count + 1);
        retrieve -> Main ! {done, Count}, counter(Main, 0)
    end.

member(Next, Main, Hops) ->
    receive
        {token, Hop} when Hop < Hops -> Next ! {token, Hop + 1}, member(Next, Main, Hops);
        {token, Hop} -> Main ! {done, Hop}, member(Next, Main, Hops)
    end.

worker(Id, All, Sink, Dice, Left, Pongs) ->
    receive
        {ping, From} -> From ! pong, worker(Id, All, Sink, Dice, Left, Pongs);
        pong when Left > 0 -> worker(Id, All, Sink, call_somebody(Id, All, Dice), Left - 1, Pongs + 1);
        pong -> Sink ! {finished, Pongs + 1}, worker(Id, All, Sink, Dice, 0, 0);
        {start, Pings} -> worker(Id, All, Sink, call_somebody(Id, All, Dice), Pings - 1, 0)
    end.

call_somebody(Id, All, Dice) ->
    Count = tuple_size(All),
    Other = (Id + 1 + Dice rem (Count - 1)) rem Count,
    element(Other + 1, All) ! {ping, self()},
    roll(Dice).

big_sink(Main, Workers, Heard, Pongs) ->
    receive
        {finished, More} when Heard + 1 < Workers -> big_sink(Main, Workers, Heard + 1, Pongs + More);
        {finished, More} -> Main ! {done, 2 * (Pongs + More)}, big_sink(Main, Workers, 0, 0)
    end.

mall(Main, Creatures, Left, Waiting, Gone, Meetings) ->
    receive
        {open, Count} -> mall(Main, Creatures, Count, none, 0, 0);
        {meet, Who, _} when Left =:= 0 -> Who ! closed, mall(Main, Creatures, 0, none, Gone, Meetings);
        {meet, Who, _} when Waiting =:= none -> mall(Main, Creatures, Left, Who, Gone, Meetings);
        {meet, _, _} = Meet -> Waiting ! Meet, mall(Main, Creatures, Left - 1, none, Gone, Meetings);
        {gone, More} when Gone + 1 < Creatures -> mall(Main, Creatures, Left, Waiting, Gone + 1, Meetings + More);
        {gone, More} -> Main ! {done, (Meetings + More) div 2}, mall(Main, Creatures, 0, none, 0, 0)
    end.

creature(Mall, Colour, Meetings) ->
    receive
        {meet, Who, Other} ->
            New = complement(Colour, Other),
            Who ! {change, New},
            Mall ! {meet, self(), New},
            creature(Mall, New, Meetings + 1);
        {change, New} -> Mall ! {meet, self(), New}, creature(Mall, New, Meetings + 1);
        come -> Mall ! {meet, self(), Colour}, creature(Mall, Colour, Meetings);
        closed -> Mall ! {gone, Meetings}, creature(Mall, Colour, 0)
    end.

complement(Colour, Colour) -> Colour;
complement(One, Other) -> 3 - One - Other.

parent(Main, Left, Done) ->
    receive
        {spawn_all, Count} -> spawn_all(self(), Count), parent(Main, Count, 0);
        done when Done + 1 < Left -> parent(Main, Left, Done + 1);
        done -> Main ! {done, Done + 1}, parent(Main, 0, 0)
    end.

spawn_all(_, 0) -> ok;
spawn_all(Parent, Left) ->
    spawn(fun() -> receive {work, Number} -> Parent ! done_after(math:sin(Number)) end end) ! {work, Left},
    spawn_all(Parent, Left - 1).

done_after(_) -> done.

source(Sink) ->
    receive
        {next, 1} -> Sink ! {item, 1}, source(Sink);
        {next, Left} -> Sink ! {item, Left}, self() ! {next, Left - 1}, source(Sink)
    end.

sink(Main, Items, Count) ->
    receive
        {item, _} when Count + 1 < Items -> sink(Main, Items, Count + 1);
        {item, _} -> Main ! {done, 2 * (Count + 1)}, sink(Main, Items, 0)
    end.

hub(Leaves, Main, Actors, Rounds, Done) ->
    receive
        {round, Left} ->
            [Leaf ! {item, Left} || Leaf <- Leaves],
            Left > 1 andalso (self() ! {round, Left - 1}),
            hub(Leaves, Main, Actors, Rounds + 1, Done);
        leaf_done when Done + 1 < Actors -> hub(Leaves, Main, Actors, Rounds, Done + 1);
        leaf_done -> Main ! {done, Rounds * (Actors + 1)}, hub(Leaves, Main, Actors, 0, 0)
    end.

leaf(Hub, Items, Count) ->
    receive
        {item, _} when Count + 1 < Items -> leaf(Hub, Items, Count + 1);
        {item, _} -> Hub ! leaf_done, leaf(Hub, Items, 0)
    end.

teller(Main, Orders, Count, Done) ->
    receive
        start -> [From ! Order || {From, Order} <- Orders], teller(Main, Orders, Count, 0);
        transferred when Done + 1 < Count -> teller(Main, Orders, Count, Done + 1);
        transferred -> Main ! {done, Done + 1}, teller(Main, Orders, Count, 0)
    end.

account(Teller, Balance) ->
    receive
        {transfer, To, Amount} ->
            call(To, {debit, Amount}),
            Teller ! transferred,
            account(Teller, Balance - Amount);
        {From, Ref, {debit, Amount}} -> From ! {Ref, Balance + Amount}, account(Teller, Balance + Amount);
        {From, Ref, balance} -> From ! {Ref, Balance}, account(Teller, Balance)
    end.

%% Money flows from a lower to a higher number only, or two accounts could wait for each other.
orders(_, _, 0, _) -> [];
orders(Accounts, Actors, Left, Dice) ->
    From = Dice rem (Actors * 8 div 10),
    Next = roll(Dice),
    To = From + 1 + Next rem (Actors - From - 1),
    Order = {element(From + 1, Accounts), {transfer, element(To + 1, Accounts), 1 + Left rem 100}},
    [Order | orders(Accounts, Actors, Left - 1, roll(Next))].

%% A fresh reference right before the receive: the emulator then looks at messages after it only.
call(To, Request) ->
    Ref = make_ref(),
    To ! {self(), Ref, Request},
    receive {Ref, Answer} -> Answer end.

echo(Asked) ->
    receive
        {From, Ref, {echo, Value}} -> From ! {Ref, Value}, echo(Asked + 1);
        {From, Ref, count} -> From ! {Ref, Asked}, echo(0)
    end.

lockstep(_, 0) -> ok;
lockstep(Echo, Left) -> Left = call(Echo, {echo, Left}), lockstep(Echo, Left - 1).

in_flight(Echo, Count) ->
    Refs = [begin Ref = make_ref(), Echo ! {self(), Ref, {echo, Value}}, {Ref, Value} end || Value <- lists:seq(1, Count)],
    [receive {Ref, Value} -> ok end || {Ref, Value} <- Refs].

%% Marsaglia's xorshift in 32 bits.
seed(Number) -> ((Number + 1) * 16#9e3779b1) band 16#ffffffff bor 1.

roll(State) ->
    A = (State bxor (State bsl 13)) band 16#ffffffff,
    B = A bxor (A bsr 17),
    (B bxor (B bsl 5)) band 16#ffffffff.

%% Bytes of memory per process that waits for its first message.
idle(Count) ->
    erlang:garbage_collect(),
    Before = erlang:memory(total),
    Processes = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, Count)],
    After = erlang:memory(total),
    [Process ! stop || Process <- Processes],
    % The list itself has two words per process.
    (After - Before) / Count - 16.
