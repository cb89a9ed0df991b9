/* Sends requests over many connections at given moments, or as fast as answers come; says how each
   ended. The same in Python takes more of the processors for a request than the service that is
   loaded, with which it shares them.

   engine PORT CONNECTIONS FIRST GIVE_UP_S SECONDS < input > output

   Input:  uint32 number of requests; of each its uint32 size and its bytes; uint64 number of
           moments; each as a double, in seconds from the start. Without moments every connection
           asks again when it has its answer.
   Output: for every request that ended a record of due, took and late (double, seconds; late is how
           long after it was due it was sent) and status (double; 0: the connection was lost, -1:
           never sent). At the end stderr gets the number of connections. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { LOST = 0, NEVER_SENT = -1, AT_ONCE = 256, TICK_MS = 1, AHEAD = -10, COMMON = 1 << 16 };
enum state { CONNECTING, IDLE, ASKING };

struct record { double due, took, late, status; };
struct text { char *bytes; uint32_t size; };
struct caller {
    int fd;
    enum state state;
    int wants_out;
    const struct text *request;
    uint32_t sent;
    char *answer;
    size_t size, room, whole; /* whole is 0 while the length is unknown */
    double due, late;
};

static struct text *requests;
static uint32_t n_requests;
static double *moments;
static uint64_t n_moments, next_moment, n_sent, n_ended, first_waiting;
static struct caller *callers;
static int n_callers, most_callers, *idle, n_idle, epoll_fd, port;
static double started, seconds, give_up;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec - started;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void *must(void *memory) {
    if (!memory) fail("memory");
    return memory;
}

static void ended(double due, double took, double late, double status) {
    struct record record = {due, took, late, status};
    if (fwrite(&record, sizeof record, 1, stdout) != 1) fail("output");
    n_ended++;
}

/* Events name the descriptor as well, since another caller may have moved to the place of a lost one. */
static void watch(int number, int operation, int out) {
    struct epoll_event event = {.events = EPOLLIN | (out ? EPOLLOUT : 0)};
    event.data.u64 = (uint64_t)number << 32 | (uint32_t)callers[number].fd;
    if (epoll_ctl(epoll_fd, operation, callers[number].fd, &event)) fail("epoll");
    callers[number].wants_out = out;
}

/* Another connection; it is idle as soon as it is there. */
static void open_caller(void) {
    int number = n_callers, at_once = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct caller *caller = &callers[number];
    *caller = (struct caller){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    if (caller->fd < 0) return; /* no descriptor is left: those who wait go on waiting */
    setsockopt(caller->fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (connect(caller->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
        close(caller->fd);
        return;
    }
    n_callers++;
    watch(number, EPOLL_CTL_ADD, 1);
}

static void lose(int number) {
    struct caller *caller = &callers[number];
    close(caller->fd);
    if (caller->state == ASKING) ended(caller->due, now() - caller->due, caller->late, LOST);
    free(caller->answer);
    int kept = 0;
    for (int i = 0; i < n_idle; i++) if (idle[i] != number) idle[kept++] = idle[i];
    n_idle = kept;
    if (number != --n_callers) { /* the last one moves to its place */
        *caller = callers[n_callers];
        for (int i = 0; i < n_idle; i++) if (idle[i] == n_callers) idle[i] = number;
        watch(number, EPOLL_CTL_MOD, caller->wants_out);
    }
}

/* Returns 0 if the connection was lost. */
static int go_on_sending(int number) {
    struct caller *caller = &callers[number];
    while (caller->sent < caller->request->size) {
        const char *rest = caller->request->bytes + caller->sent;
        ssize_t sent = send(caller->fd, rest, caller->request->size - caller->sent, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN) break;
            lose(number);
            return 0;
        }
        caller->sent += (uint32_t)sent;
    }
    int out = caller->sent < caller->request->size;
    if (out != caller->wants_out) watch(number, EPOLL_CTL_MOD, out);
    return 1;
}

static void ask(int number, double due) {
    struct caller *caller = &callers[number];
    caller->request = &requests[n_sent++ % n_requests];
    caller->state = ASKING;
    caller->sent = 0;
    caller->size = caller->whole = 0;
    caller->due = due;
    caller->late = now() - due;
    go_on_sending(number);
}

/* The one that is idle for longest: else those that are answered quickest, with a refusal perhaps, would
   get everything, and all of it might go to one worker of the service. */
static int take_idle(void) {
    int number = idle[0];
    memmove(idle, idle + 1, (size_t)--n_idle * sizeof *idle);
    return number;
}

/* Give the connection to who waits for one, or asks again. */
static void be_free(int number) {
    callers[number].state = IDLE;
    if (!n_moments) {
        if (now() < seconds) ask(number, now());
    } else if (first_waiting < next_moment) {
        ask(number, moments[first_waiting++]);
    } else {
        idle[n_idle++] = number;
    }
}

/* Where the length of the body is known, how long the whole answer is; else 0. */
static size_t length_of(const char *answer, size_t size) {
    static const char name[] = "content-length: ";
    const char *end = memmem(answer, size, "\r\n\r\n", 4);
    const char *at = end ? memmem(answer, (size_t)(end - answer), name, sizeof name - 1) : NULL;
    return at ? (size_t)(end + 4 - answer) + strtoul(at + sizeof name - 1, NULL, 10) : 0;
}

/* Answers that come in one piece are read in one place, which stays in the cache; others where their
   caller keeps them. */
static char *place_for_more(struct caller *caller, size_t *room) {
    static char common[COMMON];
    if (!caller->size) {
        *room = sizeof common - 1;
        return common;
    }
    if (caller->room < caller->size + COMMON) {
        caller->room = 2 * caller->size + COMMON;
        caller->answer = must(realloc(caller->answer, caller->room + 1));
    }
    *room = caller->room - caller->size;
    return caller->answer;
}

static void keep(struct caller *caller, const char *answer) {
    if (caller->answer == answer) return;
    if (caller->room < caller->size) {
        caller->room = caller->size;
        caller->answer = must(realloc(caller->answer, caller->room + 1));
    }
    memcpy(caller->answer, answer, caller->size + 1);
}

static void hear(int number) {
    struct caller *caller = &callers[number];
    size_t room;
    char *answer = place_for_more(caller, &room);
    ssize_t got = recv(caller->fd, answer + caller->size, room, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        lose(number);
        return;
    }
    if (caller->state != ASKING) return; /* nobody asked: told that it ends */
    caller->size += (size_t)got;
    answer[caller->size] = 0;
    if (!caller->whole) caller->whole = length_of(answer, caller->size);
    if (!caller->whole || caller->size < caller->whole) {
        keep(caller, answer);
        return;
    }
    ended(caller->due, now() - caller->due, caller->late, atoi(answer + 9));
    be_free(number);
}

static void serve(const struct epoll_event *event) {
    int number = (int)(event->data.u64 >> 32);
    struct caller *caller = &callers[number];
    if (number >= n_callers || caller->fd != (int)(uint32_t)event->data.u64) return; /* lost in this turn */
    if (event->events & (EPOLLERR | EPOLLHUP) && !(event->events & EPOLLIN)) {
        lose(number);
        return;
    }
    if (event->events & EPOLLOUT) {
        if (caller->state == CONNECTING) {
            watch(number, EPOLL_CTL_MOD, 0);
            be_free(number);
        } else if (caller->state == ASKING && !go_on_sending(number)) {
            return;
        }
    }
    if (event->events & EPOLLIN) hear(number);
}

/* Send what is due; let those give up who waited too long for a connection. */
static void tick(void) {
    double time = now();
    for (; next_moment < n_moments && moments[next_moment] <= time; next_moment++) {
        int waits = first_waiting < next_moment;
        if (n_idle && !waits) {
            ask(take_idle(), moments[next_moment]);
            first_waiting++;
        } else if (n_callers < most_callers) {
            open_caller();
        }
    }
    while (first_waiting < next_moment && time - moments[first_waiting] > give_up) {
        ended(moments[first_waiting], time - moments[first_waiting], NAN, NEVER_SENT);
        first_waiting++;
    }
}

/* To wake up for every answer would cost the service, too. */
static void wait_for_tick(void) {
    static struct timespec tick;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    tick.tv_nsec += 1000000 * TICK_MS;
    if (tick.tv_nsec >= 1000000000) {
        tick.tv_nsec -= 1000000000;
        tick.tv_sec++;
    }
    int missed = tick.tv_sec < time.tv_sec || (tick.tv_sec == time.tv_sec && tick.tv_nsec <= time.tv_nsec);
    if (missed) tick = time;
    else clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL);
}

static int is_over(void) {
    if (n_moments) return n_ended == n_moments;
    if (now() < seconds) return 0;
    for (int i = 0; i < n_callers; i++) if (callers[i].state == ASKING) return 0;
    return 1;
}

static void read_all(void *to, size_t size) {
    if (size && fread(to, size, 1, stdin) != 1) fail("input");
}

static void read_input(void) {
    read_all(&n_requests, sizeof n_requests);
    requests = must(calloc(n_requests, sizeof *requests));
    for (uint32_t i = 0; i < n_requests; i++) {
        read_all(&requests[i].size, sizeof requests[i].size);
        requests[i].bytes = must(malloc(requests[i].size));
        read_all(requests[i].bytes, requests[i].size);
    }
    read_all(&n_moments, sizeof n_moments);
    moments = must(malloc((n_moments + 1) * sizeof *moments));
    read_all(moments, n_moments * sizeof *moments);
}

int main(int n_arguments, char **arguments) {
    if (n_arguments != 6) return 2;
    port = atoi(arguments[1]);
    most_callers = atoi(arguments[2]);
    int first = atoi(arguments[3]);
    give_up = atof(arguments[4]);
    seconds = atof(arguments[5]);
    read_input();
    /* Clients elsewhere would not have to wait for the processors of the service. */
    (void)!setpriority(PRIO_PROCESS, 0, AHEAD);
    epoll_fd = epoll_create1(0);
    callers = must(calloc((size_t)most_callers, sizeof *callers));
    idle = must(calloc((size_t)most_callers, sizeof *idle));
    double longest = seconds + 4 * give_up + 30;
    struct epoll_event events[AT_ONCE];
    started = now();
    for (int i = 0; i < first && i < most_callers; i++) open_caller();
    while (n_idle < n_callers && n_moments && now() < longest) { /* all are there before it starts */
        int n = epoll_wait(epoll_fd, events, AT_ONCE, 100);
        for (int i = 0; i < n; i++) serve(&events[i]);
    }
    started += now();
    while (!is_over() && now() < longest) {
        if (n_moments) wait_for_tick();
        int n;
        do {
            n = epoll_wait(epoll_fd, events, AT_ONCE, n_moments ? 0 : TICK_MS);
            for (int i = 0; i < n; i++) serve(&events[i]);
        } while (n == AT_ONCE);
        tick();
    }
    fprintf(stderr, "%d\n", n_callers);
    return 0;
}
